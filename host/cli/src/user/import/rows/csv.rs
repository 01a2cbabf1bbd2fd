//! Rows of a CSV file (RFC 4180): its first row names the columns.

use anyhow::{Context as _, bail};
use csv::{ByteRecord, Reader, ReaderBuilder};

use super::{Columns, Input, Position, Row, RowOptions, User};

/// The rows of a CSV file.
pub struct CsvRows {
    reader: Reader<Input>,
    header: Vec<String>,
    columns: Columns,
    record: ByteRecord,
    /// The position at which `reader` began.
    origin: Position,
}

impl CsvRows {
    /// Reads the header.
    pub fn begin(input: Input, options: &RowOptions) -> anyhow::Result<Self> {
        let origin = Position { byte: input.position(), lines: 0 };
        let mut reader = reader(input, options);
        let mut record = ByteRecord::new();
        if !reader.read_byte_record(&mut record).map_err(io_error)? {
            bail!("it holds blank lines only; expected a first line that names the columns");
        }
        let names = record.iter().map(|cell| std::str::from_utf8(cell).map(|name| name.trim().to_owned()));
        let header: Vec<String> =
            names.collect::<Result<_, _>>().context("the first line is not UTF-8; export the file as UTF-8")?;
        let columns = Columns::new(&header, &options.types, options.null.clone())?;
        Ok(Self { reader, header, columns, record, origin })
    }

    /// Continues behind the header.
    pub fn new(input: Input, options: &RowOptions, header: Vec<String>, columns: Columns, lines: u64) -> Self {
        let origin = Position { byte: input.position(), lines };
        Self { reader: reader(input, options), header, columns, record: ByteRecord::new(), origin }
    }

    pub fn header(&self) -> &[String] {
        &self.header
    }

    pub fn position(&self) -> Position {
        // The reader counts lines from 1.
        let position = self.reader.position();
        Position { byte: self.origin.byte + position.byte(), lines: self.origin.lines + position.line() - 1 }
    }

    pub fn input(&mut self) -> &mut Input {
        self.reader.get_mut()
    }

    pub fn next(&mut self) -> anyhow::Result<Option<Row>> {
        let begin = self.position();
        let is_row = self.reader.read_byte_record(&mut self.record).map_err(io_error)?;
        if !is_row {
            return Ok(None);
        }
        let end = self.position();
        // The reader leaves the rest of the last line break and blank lines to the next row.
        let bytes = self.reader.get_ref().raw(begin.byte, end.byte);
        let skipped = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        let line = begin.lines + 1 + skipped.filter(|byte| **byte == b'\n').count() as u64;
        let user = self.columns.read(&self.record).and_then(|(id, properties)| User::check(&id, &properties));
        Ok(Some(Row { line, user, end }))
    }
}

fn reader(input: Input, options: &RowOptions) -> Reader<Input> {
    // Rows with too few or too many cells are errors of their own.
    ReaderBuilder::new().has_headers(false).flexible(true).delimiter(options.delimiter).from_reader(input)
}

/// Returns the cause alone: the reader of bytes fails only where its input does.
fn io_error(error: csv::Error) -> anyhow::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => anyhow::anyhow!("the CSV file cannot be read: {other:?}"),
    }
}
