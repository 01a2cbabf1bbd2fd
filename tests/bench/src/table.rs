//! The table: one line per quantity, with its target.

use std::fmt::{self, Write as _};

use crate::series::Series;

/// A target for a quantity, or for its ratio if the line has one.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// A lower bound.
    AtLeast(f64),
    /// An upper bound.
    AtMost(f64),
}

impl Target {
    /// Returns the verdict. A missing value does not meet the target.
    fn verdict(self, value: Option<f64>) -> &'static str {
        let met = match self {
            Target::AtLeast(least) => value.is_some_and(|value| value >= least),
            Target::AtMost(most) => value.is_some_and(|value| value <= most),
        };
        if met { "ok" } else { "SHORT" }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::AtLeast(least) => write!(f, "≥ {least}"),
            Target::AtMost(most) => write!(f, "≤ {most}"),
        }
    }
}

/// A line of the table: one quantity.
#[derive(Debug, Clone)]
pub struct Line {
    what: String,
    unit: &'static str,
    value: Series,
    ratio: Option<Series>,
    target: Option<Target>,
}

impl Line {
    /// Creates a line from the values of all rounds.
    pub fn new(what: impl Into<String>, unit: &'static str, value: Series) -> Self {
        Self { what: what.into(), unit, value, ratio: None, target: None }
    }

    /// Adds the ratio to another quantity, round by round.
    pub fn ratio(self, ratio: Series) -> Self {
        Self { ratio: Some(ratio), ..self }
    }

    /// Adds a target.
    pub fn target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    fn cells(&self) -> Vec<String> {
        let judged = self.ratio.as_ref().unwrap_or(&self.value).median();
        let ratio = self.ratio.as_ref().map(|ratio| format!("{} ({})", median(ratio), spread(ratio)));
        vec![
            format!("  {}", self.what),
            median(&self.value),
            self.unit.to_owned(),
            spread(&self.value),
            ratio.unwrap_or_default(),
            self.target.map(|target| target.to_string()).unwrap_or_default(),
            self.target.map(|target| target.verdict(judged)).unwrap_or_default().to_owned(),
        ]
    }
}

/// A table that is built line by line.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    /// Sets the heading of the next lines, and the quantity to which their ratios refer. A heading without lines is not
    /// shown.
    pub fn heading(&mut self, what: &str, ratio: &str) {
        self.drop_empty_heading();
        self.rows
            .push(vec![what, "median", "", "spread", ratio, "target", ""].into_iter().map(str::to_owned).collect());
    }

    /// Adds a line. A line with neither a value nor a target is left out.
    pub fn line(&mut self, line: Line) {
        if line.value.median().is_some() || line.target.is_some() {
            self.rows.push(line.cells());
        }
    }

    /// Sets the heading of the next lines, which compare two servers.
    pub fn comparison_heading(&mut self, what: &str) {
        self.drop_empty_heading();
        self.rows.push([what, "old", "new", "", "new ÷ old", "target", ""].map(str::to_owned).into());
    }

    /// Adds a line with the medians of two servers and their ratio. A target is that of the new one.
    pub fn comparison(&mut self, what: &str, unit: &str, old: &Series, new: &Series, target: Option<Target>) {
        let ratio = old.median().zip(new.median()).map_or_else(String::new, |(old, new)| number(new / old));
        self.rows.push(vec![
            format!("  {what}"),
            median(old),
            median(new),
            unit.to_owned(),
            format!("{ratio} ({})", spread(&new.divided_by(old))),
            target.map(|target| target.to_string()).unwrap_or_default(),
            target.map(|target| target.verdict(new.median())).unwrap_or_default().to_owned(),
        ]);
    }

    /// Adds a line of cells. A line whose first cell is not indented is a heading.
    pub fn cells(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Adds a note for readers.
    pub fn note(&mut self, note: impl Into<String>) {
        self.drop_empty_heading();
        self.notes.push(note.into());
    }

    fn drop_empty_heading(&mut self) {
        if self.rows.last().is_some_and(|row| is_heading(row)) {
            self.rows.pop();
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let width = |column: usize| cells(column).map(|cell| cell.chars().count()).max().unwrap_or_default();
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (at, row) in self.rows.iter().enumerate() {
            if at > 0 && is_heading(row) {
                f.write_char('\n')?;
            }
            let mut text = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                // Numbers are aligned at their last digit.
                match is_number(cell) || (is_heading(row) && is_numeric(&self.rows[at + 1..], column)) {
                    true => write!(text, "{cell:>width$}  ")?,
                    false => write!(text, "{cell:width$}  ")?,
                }
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        f.write_char('\n')?;
        self.notes.iter().try_for_each(|note| writeln!(f, "{note}"))
    }
}

fn is_heading(row: &[String]) -> bool {
    row.first().is_some_and(|what| !what.starts_with(' '))
}

/// Returns true if a cell is a number, or stands for one.
fn is_number(cell: &str) -> bool {
    !cell.is_empty() && cell.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | '–'))
}

/// Returns true if the first of these rows has a number in this column.
fn is_numeric(rows: &[Vec<String>], column: usize) -> bool {
    rows.first().and_then(|row| row.get(column)).is_some_and(|cell| is_number(cell))
}

fn median(series: &Series) -> String {
    series.median().map_or_else(|| "–".to_owned(), number)
}

/// Formats the minimum and the maximum; empty if there is only one value.
fn spread(series: &Series) -> String {
    match series.spread() {
        Some((least, greatest)) if series.count() > 1 => format!("{}–{}", number(least), number(greatest)),
        _ => String::new(),
    }
}

/// Formats a number with its significant digits.
pub fn number(value: f64) -> String {
    match value.abs() {
        magnitude if magnitude >= 999.5 => thousands(value.round() as i64),
        magnitude if magnitude >= 99.95 => format!("{value:.0}"),
        magnitude if magnitude >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn thousands(value: i64) -> String {
    match value {
        -999..=999 => value.to_string(),
        _ => format!("{},{:03}", thousands(value / 1000), (value % 1000).abs()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_digits_as_mean_something() {
        let text = [0.3, 9.999, 25.0, 300.0, 61_203.7, 1_000_000.0].map(number);
        assert_eq!(text, ["0.30", "10.0", "25.0", "300", "61,204", "1,000,000"]);
    }

    #[test]
    fn a_target_is_of_the_ratio_and_what_is_not_measured_is_short() {
        let series = |value: f64| Series::from_iter([value]);
        let mut table = Table::default();
        table.heading("A", "÷ bare");
        table.line(Line::new("met", "/s", series(9.0)).ratio(series(0.5)).target(Target::AtLeast(0.3)));
        table.line(Line::new("missing", "/s", Series::default()).target(Target::AtMost(9.0)));
        table.line(Line::new("left out", "/s", Series::default()));
        table.heading("B", "");
        table.note("note");
        let text = table.to_string();
        let verdicts: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(verdicts, ["target", "ok", "SHORT", "note"]);
    }
}
