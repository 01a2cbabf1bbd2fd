//! Rows of newline-delimited JSON: one object on each line. Blank lines are skipped.

use std::io::{BufRead as _, BufReader};

use anyhow::bail;
use inlet_core::{
    json::{self, Kind, Malformed},
    user::read_user_id,
};

use super::{super::user::MAX_DEPTH, Input, Position, Row, User};

/// The lines of an input.
pub struct NdjsonRows {
    reader: BufReader<Input>,
    line: Vec<u8>,
    position: Position,
}

impl NdjsonRows {
    /// Begins with the first line. A JSON array is refused: its items could not be told apart without reading it whole.
    pub fn begin(input: Input) -> anyhow::Result<Self> {
        let mut rows = Self::new(input, 0);
        let start = rows.reader.fill_buf()?;
        if start.trim_ascii_start().first() == Some(&b'[') {
            bail!(
                "it is one JSON array; expected one object on each line: jq -c '.[]' FILE | inlet user import - --format ndjson"
            );
        }
        Ok(rows)
    }

    /// Continues behind `lines` lines.
    pub fn new(input: Input, lines: u64) -> Self {
        let position = Position { byte: input.position(), lines };
        Self { reader: BufReader::with_capacity(64 << 10, input), line: Vec::new(), position }
    }

    pub fn position(&self) -> Position {
        self.position
    }

    pub fn input(&mut self) -> &mut Input {
        self.reader.get_mut()
    }

    pub fn next(&mut self) -> anyhow::Result<Option<Row>> {
        loop {
            self.line.clear();
            let length = self.reader.read_until(b'\n', &mut self.line)?;
            if length == 0 {
                return Ok(None);
            }
            self.position.byte += length as u64;
            self.position.lines += 1;
            if !self.line.trim_ascii().is_empty() {
                let Position { lines: line, .. } = self.position;
                return Ok(Some(Row { line, user: user(self.line.trim_ascii()), end: self.position }));
            }
        }
    }
}

fn user(line: &[u8]) -> Result<User, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8; export the file as UTF-8")?;
    json::check(text, MAX_DEPTH).map_err(|error| match error {
        // The line is named already.
        Malformed::Syntax { reason, column, .. } => format!("it is not valid JSON: {reason} at column {column}"),
        other => other.to_string(),
    })?;
    let mut members = match Kind::of(text) {
        Kind::Object => json::members(text).unwrap_or_default(),
        other => return Err(format!("it is {}; expected an object with an id", other.with_article())),
    };
    let id = read_user_id(members.shift_remove("id")).map_err(|problem| format!("the id {problem}"))?;
    let id = id.ok_or("it has no id; every user needs one")?;
    User::check(&id, &json::object(members))
}
