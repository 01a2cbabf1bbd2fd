//! Texts of statements. They are written as SQLite reads them; what PostgreSQL writes otherwise in every statement is
//! translated, and a statement that differs more has a text for each.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

/// The most translated texts that are kept. Statements have few forms; this is a bound for a mistake.
const MOST_KEPT: usize = 8192;

/// The text of a statement.
#[derive(Debug, Clone)]
pub(crate) enum Text {
    /// One for both databases, written once.
    Static(&'static str),
    /// One for both databases, put together.
    Shared(Arc<str>),
    /// One for each database.
    Each { sqlite: &'static str, postgres: &'static str },
}

/// Returns the text of a statement that each database writes in its own way. The parameters are the same.
pub(crate) const fn each(sqlite: &'static str, postgres: &'static str) -> Text {
    Text::Each { sqlite, postgres }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::Static(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::Shared(text.into())
    }
}

impl From<Arc<str>> for Text {
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

impl From<&Arc<str>> for Text {
    fn from(text: &Arc<str>) -> Self {
        Self::Shared(text.clone())
    }
}

impl Text {
    /// Returns the text for SQLite, written once or put together.
    pub(super) fn for_sqlite(&self) -> Result<&'static str, Arc<str>> {
        match self {
            Self::Static(text) | Self::Each { sqlite: text, .. } => Ok(text),
            Self::Shared(text) => Err(text.clone()),
        }
    }

    /// Returns the text for PostgreSQL.
    pub(super) fn for_postgres(&self) -> Arc<str> {
        static TRANSLATED: LazyLock<Mutex<HashMap<Box<str>, Arc<str>>>> = LazyLock::new(Mutex::default);
        let text = match self {
            Self::Static(text) | Self::Each { postgres: text, .. } => text,
            Self::Shared(text) => &**text,
        };
        let mut translated = TRANSLATED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = translated.get(text) {
            return found.clone();
        }
        if translated.len() >= MOST_KEPT {
            translated.clear();
        }
        let found: Arc<str> = translate(text).into();
        translated.insert(text.into(), found.clone());
        found
    }
}

/// Words that PostgreSQL writes otherwise in every statement. `CROSS JOIN` is SQLite's way to keep the order of a join, and has a
/// condition (`ON` or `USING`); names of indexes are hints for SQLite.
const WORDS: [(&str, &str); 5] = [
    ("CROSS JOIN ", "JOIN "),
    (" AS INTEGER)", " AS BIGINT)"),
    (" AS BLOB)", " AS BYTEA)"),
    (" NOT INDEXED", ""),
    ("BEGIN IMMEDIATE", "BEGIN"),
];

/// Translates a text: parameters (`?` and `?1` become `$1`), literals of bytes (`x'00'` becomes `'\x00'::bytea`), and
/// [`WORDS`].
fn translate(text: &str) -> String {
    let mut text = WORDS.iter().fold(text.to_owned(), |text, (sqlite, postgres)| text.replace(sqlite, postgres));
    while let Some(at) = text.find(" INDEXED BY ") {
        let end = text[at + 12..].find([' ', '\n', ')']).map_or(text.len(), |end| at + 12 + end);
        text.replace_range(at..end, "");
    }
    let text = text.as_str();
    let mut translated = String::with_capacity(text.len() + 32);
    let mut rest = text;
    let mut parameters = 0;
    let mut before = ' ';
    while let Some(next) = rest.chars().next() {
        match next {
            '\'' | '"' => {
                let end = rest[1..].find(next).map_or(rest.len(), |end| end + 2);
                translated.push_str(&rest[..end]);
                rest = &rest[end..];
            }
            'x' | 'X' if rest[1..].starts_with('\'') && !before.is_alphanumeric() && before != '_' => {
                let end = rest[2..].find('\'').map_or(rest.len(), |end| end + 2);
                // Writing to a string cannot fail.
                _ = write!(translated, "'\\x{}'::bytea", &rest[2..end]);
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            '?' => {
                let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                match rest[1..=digits].parse::<usize>() {
                    Ok(number) => _ = write!(translated, "${number}"),
                    Err(_) => {
                        parameters += 1;
                        _ = write!(translated, "${parameters}");
                    }
                }
                rest = &rest[1 + digits..];
            }
            _ => {
                translated.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        before = next;
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_bytes_are_written_as_postgresql_writes_them() {
        let cases = [
            ("SELECT ?, ?", "SELECT $1, $2"),
            ("SELECT ?2, ?1, ?12", "SELECT $2, $1, $12"),
            ("SELECT '?', \"?\", ?", "SELECT '?', \"?\", $1"),
            ("SELECT 'it''s ?', ?", "SELECT 'it''s ?', $1"),
            ("WHERE event = x'' OR event = x'00ff'", "WHERE event = '\\x'::bytea OR event = '\\x00ff'::bytea"),
            ("max'x'", "max'x'"),
            ("a CROSS JOIN b ON true", "a JOIN b ON true"),
            ("CAST(a AS INTEGER), CAST(b AS BLOB)", "CAST(a AS BIGINT), CAST(b AS BYTEA)"),
            ("t INDEXED BY t_by_id WHERE a NOT INDEXED", "t WHERE a"),
        ];
        for (sqlite, postgres) in cases {
            assert_eq!(translate(sqlite), postgres);
        }
    }
}
