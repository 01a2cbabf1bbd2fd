//! Chunks of rows: what one bulk operation carries out.

use std::collections::HashMap;

use super::{
    rows::{Position, Rows},
    user::User,
};

/// The most rows of a chunk: the users of one bulk operation.
const MAX_ROWS: usize = 1000;
/// A chunk ends with the row that reaches this many bytes of JSON, or of the input. A request takes 5 MiB.
const ENOUGH_BYTES: u64 = 3 << 20;

/// Consecutive rows.
#[derive(Debug)]
pub struct Chunk {
    /// The users to send, with their lines.
    users: Vec<(u64, User)>,
    /// The rows that are no users: line and reason.
    pub refused: Vec<(u64, String)>,
    /// The place behind the last row.
    pub end: Position,
}

impl Chunk {
    /// Reads the next chunk; none at the end.
    pub fn read(rows: &mut Rows) -> anyhow::Result<Option<Self>> {
        let begin = rows.position();
        let mut chunk = Self { users: Vec::new(), refused: Vec::new(), end: begin };
        let mut bytes = 0;
        while chunk.len() < MAX_ROWS && bytes < ENOUGH_BYTES && chunk.end.byte - begin.byte < ENOUGH_BYTES {
            let Some(row) = rows.next()? else { break };
            chunk.end = row.end;
            match row.user {
                Ok(user) => {
                    bytes += user.text.len() as u64 + 1;
                    chunk.users.push((row.line, user));
                }
                Err(reason) => chunk.refused.push((row.line, reason)),
            }
        }
        Ok((chunk.len() > 0).then_some(chunk))
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.users.len() + self.refused.len()
    }

    /// Returns true if there is no user to send.
    pub fn has_no_users(&self) -> bool {
        self.users.is_empty()
    }

    /// Returns the users with their lines.
    pub fn users(&self) -> impl Iterator<Item = (u64, &User)> {
        self.users.iter().map(|(line, user)| (*line, user))
    }

    /// Returns the request of the bulk operation.
    pub fn request(&self) -> String {
        let users: Vec<&str> = self.users.iter().map(|(_, user)| user.text.as_str()).collect();
        inlet_core::json::object([("users", inlet_core::json::array(users).as_str())])
    }

    /// Returns the lines of each id.
    pub fn lines(&self) -> HashMap<&str, Vec<u64>> {
        let mut lines: HashMap<&str, Vec<u64>> = HashMap::new();
        for (line, user) in self.users() {
            lines.entry(&user.id).or_default().push(line);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            input::Input,
            rows::{Format, RowOptions},
        },
        *,
    };

    fn rows(text: String, format: Format) -> Rows {
        let options = RowOptions { format, delimiter: b',', types: Vec::new(), null: None };
        Rows::begin(Input::new(Box::new(std::io::Cursor::new(text)), None), &options).unwrap()
    }

    /// Returns line and content of each row.
    fn read(text: &str, format: Format) -> Vec<String> {
        let mut rows = rows(text.to_owned(), format);
        let chunk = Chunk::read(&mut rows).unwrap().unwrap();
        assert_eq!(chunk.end, rows.position());
        let mut found: Vec<(u64, String)> = chunk.users().map(|(line, user)| (line, user.text.clone())).collect();
        found.extend(chunk.refused.clone());
        found.sort();
        found.into_iter().map(|(line, text)| format!("{line} {text}")).collect()
    }

    #[test]
    fn a_line_is_that_of_the_file_whatever_breaks_lines() {
        let text = "\u{feff}id,name\n1,\"A\nna\"\n\n\n2,B\n3\n4,\"D\n\nd\"\n5,E";
        let expected = [
            r#"2 {"id":"1","name":"A\nna"}"#,
            r#"6 {"id":"2","name":"B"}"#,
            "7 it has 1 cells; expected 2, one for each column of the header",
            r#"8 {"id":"4","name":"D\n\nd"}"#,
            r#"11 {"id":"5","name":"E"}"#,
        ];
        assert_eq!(read(text, Format::Csv), expected);
        let expected: Vec<String> = expected.iter().map(|line| line.replace("\\n", "\\r\\n")).collect();
        assert_eq!(read(&text.replace('\n', "\r\n"), Format::Csv), expected);
    }

    #[test]
    fn an_object_a_line_with_every_digit() {
        let text = "\u{feff}{\"id\":42.0,\"n\":1.10}\r\n\r\n  {\"id\":\"b\",\"n\":9007199254740993,\"n\":2}\n[1]\n{\"id\":null}\n{\"id\":true}\n{x}\n{\"id\":\"z\"}";
        insta::assert_snapshot!(read(text, Format::Ndjson).join("\n"), @r#"
        1 {"id":"42","n":1.10}
        3 {"id":"b","n":2}
        4 it is an array; expected an object with an id
        5 it has no id; every user needs one
        6 the id is a boolean; expected a string or a number
        7 it is not valid JSON: key must be a string at column 2
        8 {"id":"z"}
        "#);
    }

    #[test]
    fn a_user_that_is_nested_deeper_than_a_request_may_be_fails_alone() {
        let nested = |depth: usize| format!("{{\"id\":\"a\",\"p\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&nested(125), Format::Ndjson), [format!("1 {}", nested(125))]);
        insta::assert_snapshot!(read(&nested(126), Format::Ndjson)[0], @"1 it is nested deeper than 126 levels; send a flatter object");
    }

    #[test]
    fn a_chunk_is_bounded_by_rows_and_bytes() {
        let text: String = (0..1500).map(|n| format!("{{\"id\":\"{n}\"}}\n")).collect();
        let mut rows_of_ids = rows(text, Format::Ndjson);
        let mut lengths = Vec::new();
        while let Some(chunk) = Chunk::read(&mut rows_of_ids).unwrap() {
            lengths.push(chunk.len());
        }
        assert_eq!(lengths, [1000, 500]);
        let name = "n".repeat(900 * 1024);
        let text: String = (0..6).map(|n| format!("{n},{name}\n")).collect();
        let mut large = rows(format!("id,name\n{text}"), Format::Csv);
        let chunk = Chunk::read(&mut large).unwrap().unwrap();
        assert_eq!(chunk.len(), 4);
        assert!(chunk.request().len() < 5 << 20);
    }

    #[test]
    fn reading_continues_at_any_row() {
        for (text, format) in [
            ("\u{feff}id,name\r\n1,\"A\r\nna\"\r\n\r\n2,B\r\n3,C".to_owned(), Format::Csv),
            ("{\"id\":1}\r\n\r\n{\"id\":2}\n{\"id\":3}".to_owned(), Format::Ndjson),
        ] {
            let options = RowOptions { format, delimiter: b',', types: Vec::new(), null: None };
            let mut all = rows(text.clone(), format);
            let header = all.header().to_vec();
            let mut ends = vec![(all.position(), String::new())];
            let mut whole = Vec::new();
            while let Some(row) = all.next().unwrap() {
                all.input().checkpoint(row.end.byte);
                ends.push((row.end, all.input().sha256()));
                whole.push(row);
            }
            for (done, (position, sha256)) in ends.into_iter().enumerate().skip(1) {
                let mut input = Input::new(Box::new(std::io::Cursor::new(text.clone())), None);
                assert!(input.skip(position.byte, &sha256).unwrap());
                let mut rest = Rows::resume(input, &options, &header, position.lines).unwrap();
                for expected in &whole[done..] {
                    assert_eq!(rest.next().unwrap().as_ref(), Some(expected));
                }
                assert_eq!(rest.next().unwrap(), None);
            }
        }
    }

    #[test]
    fn what_is_no_list_of_users_is_refused_at_once() {
        let options = |format| RowOptions { format, delimiter: b',', types: Vec::new(), null: None };
        let error = |text: &'static str, format| {
            let begun = Rows::begin(Input::new(Box::new(text.as_bytes()), None), &options(format));
            format!("{:#}", begun.err().unwrap())
        };
        insta::assert_snapshot!(error("", Format::Csv), @"it is empty; expected users");
        insta::assert_snapshot!(error("\n\n", Format::Csv), @"it holds blank lines only; expected a first line that names the columns");
        insta::assert_snapshot!(error(" [{\"id\":1}]", Format::Ndjson), @"it is one JSON array; expected one object on each line: jq -c '.[]' FILE | inlet user import - --format ndjson");
    }
}
