//! Tables for people.

use std::io::IsTerminal as _;

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};

use super::text::clean;

/// The colour of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It is as it should be.
    Good,
    /// It waits, or somebody should look at it.
    Waiting,
    /// It failed.
    Bad,
    /// It means little.
    Quiet,
}

impl Tone {
    /// Returns the tone of an outcome, a status or a state of the API.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "executed" | "success" | "delivered" | "running" | "verified" | "enforced:verified" => Some(Self::Good),
            "skipped" | "retrying" | "pending" | "delivering" | "paused" | "recorded" => Some(Self::Waiting),
            "failed" | "rejected" | "error" | "dead" | "disabled" => Some(Self::Bad),
            "logged" | "ignored" | "replayed" | "canceled" | "completed" => Some(Self::Quiet),
            _ => None,
        }
    }

    fn color(self) -> Color {
        match self {
            Self::Good => Color::Green,
            Self::Waiting => Color::Yellow,
            Self::Bad => Color::Red,
            Self::Quiet => Color::DarkGrey,
        }
    }

    fn escape(self) -> &'static str {
        match self {
            Self::Good => "\u{1b}[32m",
            Self::Waiting => "\u{1b}[33m",
            Self::Bad => "\u{1b}[31m",
            Self::Quiet => "\u{1b}[90m",
        }
    }
}

/// Returns true if the standard output is a terminal and nobody asked for no colour (<https://no-color.org>).
fn is_coloured() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Returns a word in the colour of its tone, on a terminal.
pub fn tinted(word: &str) -> String {
    let clean = clean(word);
    match Tone::of(word).filter(|_| is_coloured()) {
        Some(tone) => format!("{}{clean}\u{1b}[0m", tone.escape()),
        None => clean,
    }
}

/// Returns a table without lines. On a terminal long cells are broken; elsewhere each row is one line.
pub fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let coloured = is_coloured();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(match std::io::stdout().is_terminal() {
        true => ContentArrangement::Dynamic,
        false => ContentArrangement::Disabled,
    });
    let head = |name: &str| match coloured {
        true => Cell::new(name).add_attribute(Attribute::Bold),
        false => Cell::new(name),
    };
    table.set_header(header.map(head));
    for row in rows {
        table.add_row(row.map(|text| {
            let cell = Cell::new(clean(&text));
            match Tone::of(&text).filter(|_| coloured) {
                Some(tone) => cell.fg(tone.color()),
                None => cell,
            }
        }));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
