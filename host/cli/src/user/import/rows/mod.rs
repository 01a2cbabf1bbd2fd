//! The rows of an input: one user each.

mod csv;
mod ndjson;

use self::{csv::CsvRows, ndjson::NdjsonRows};
use super::{
    columns::{Columns, TypedColumn},
    input::Input,
    user::User,
};

/// The form of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Lines of cells; the first line names the members
    Csv,
    /// One JSON object on each line
    Ndjson,
}

impl Format {
    /// Returns the format that a file's name suggests, and the delimiter of its cells.
    pub fn of(path: &std::path::Path) -> Option<(Self, u8)> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some((Format::Csv, b',')),
            "tsv" | "tab" => Some((Format::Csv, b'\t')),
            "ndjson" | "jsonl" | "json" => Some((Format::Ndjson, b',')),
            _ => None,
        }
    }
}

/// The options by which rows are read.
#[derive(Debug, Clone)]
pub struct RowOptions {
    pub format: Format,
    /// The byte between two cells.
    pub delimiter: u8,
    /// The types of columns.
    pub types: Vec<TypedColumn>,
    /// The text of a cell without a value.
    pub null: Option<String>,
}

/// A place between two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// The number of bytes before it.
    pub byte: u64,
    /// The number of line breaks before it.
    pub lines: u64,
}

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The user, or why it is none.
    pub user: Result<User, String>,
    /// The place behind it.
    pub end: Position,
}

/// Reads rows one by one.
pub struct Rows {
    reader: Reader,
}

enum Reader {
    Csv(Box<CsvRows>),
    Ndjson(Box<NdjsonRows>),
}

impl Rows {
    /// Begins at the first row of an input; reads the header of a CSV file.
    pub fn begin(mut input: Input, options: &RowOptions) -> anyhow::Result<Self> {
        input.begin()?;
        let reader = match options.format {
            Format::Csv => Reader::Csv(Box::new(CsvRows::begin(input, options)?)),
            Format::Ndjson => Reader::Ndjson(Box::new(NdjsonRows::begin(input)?)),
        };
        Ok(Self { reader })
    }

    /// Continues at a position to which the input was skipped. `header` is that of a CSV file.
    pub fn resume(input: Input, options: &RowOptions, header: &[String], lines: u64) -> anyhow::Result<Self> {
        let reader = match options.format {
            Format::Csv => {
                let columns = Columns::new(header, &options.types, options.null.clone())?;
                Reader::Csv(Box::new(CsvRows::new(input, options, header.to_vec(), columns, lines)))
            }
            Format::Ndjson => Reader::Ndjson(Box::new(NdjsonRows::new(input, lines))),
        };
        Ok(Self { reader })
    }

    /// Returns the names of the columns of a CSV file.
    pub fn header(&self) -> &[String] {
        match &self.reader {
            Reader::Csv(rows) => rows.header(),
            Reader::Ndjson(_) => &[],
        }
    }

    /// Returns the place behind the last row.
    pub fn position(&self) -> Position {
        match &self.reader {
            Reader::Csv(rows) => rows.position(),
            Reader::Ndjson(rows) => rows.position(),
        }
    }

    /// Returns the next row; none at the end.
    pub fn next(&mut self) -> anyhow::Result<Option<Row>> {
        match &mut self.reader {
            Reader::Csv(rows) => rows.next(),
            Reader::Ndjson(rows) => rows.next(),
        }
    }

    /// Returns the input.
    pub fn input(&mut self) -> &mut Input {
        match &mut self.reader {
            Reader::Csv(rows) => rows.input(),
            Reader::Ndjson(rows) => rows.input(),
        }
    }
}
