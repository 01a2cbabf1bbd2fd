//! The columns of a CSV file: which member of a user each one holds, and of which type.
//!
//! A column's name is a member's name. A dot nests: `address.city` is the member `city` of `address`.

use std::{borrow::Cow, fmt, str::FromStr};

use anyhow::{bail, ensure};
use csv::ByteRecord;
use inlet_core::{
    json::{self, Kind},
    nearest::nearest,
    path::{Path, Segment},
};

use super::user::MAX_DEPTH;

/// The column of the ids.
const ID: &str = "id";

/// The type of a column's values, as `--types` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// The text as it is.
    String,
    /// A JSON number, with all its digits.
    Number,
    /// `true`, `t` or `1`; `false`, `f` or `0`.
    Boolean,
    /// Any JSON value.
    Json,
}

/// `COLUMN=TYPE` on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedColumn {
    column: String,
    column_type: ColumnType,
}

impl fmt::Display for TypedColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.column_type {
            ColumnType::String => "string",
            ColumnType::Number => "number",
            ColumnType::Boolean => "boolean",
            ColumnType::Json => "json",
        };
        write!(f, "{}={name}", self.column)
    }
}

impl FromStr for TypedColumn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected COLUMN=TYPE, with one of the types string, number, boolean and json";
        let (column, name) = text.rsplit_once('=').ok_or_else(|| format!("found {text:?}; {expected}"))?;
        let column_type = match name {
            "string" => ColumnType::String,
            "number" => ColumnType::Number,
            "boolean" => ColumnType::Boolean,
            "json" => ColumnType::Json,
            _ => return Err(format!("{name:?} is no type; {expected}")),
        };
        Ok(Self { column: column.trim().to_owned(), column_type })
    }
}

/// The columns of a CSV file.
#[derive(Debug)]
pub struct Columns {
    columns: Vec<Column>,
    /// The index of the column of the ids.
    id: usize,
    /// The members of a user.
    members: Vec<Member>,
    /// The text of a cell without a value, besides the empty text.
    null: Option<String>,
}

#[derive(Debug)]
struct Column {
    name: String,
    column_type: ColumnType,
}

#[derive(Debug)]
struct Member {
    name: String,
    value: MemberValue,
}

#[derive(Debug)]
enum MemberValue {
    /// The index of a column.
    Column(usize),
    Object(Vec<Member>),
}

impl Columns {
    /// Reads the header of a file.
    pub fn new(header: &[String], types: &[TypedColumn], null: Option<String>) -> anyhow::Result<Self> {
        let mut columns: Vec<Column> = Vec::new();
        let mut members = Vec::new();
        let mut id = None;
        for (index, name) in header.iter().enumerate() {
            let number = index + 1;
            ensure!(!name.is_empty(), "column {number} has no name; name every column in the first line");
            ensure!(
                !columns.iter().any(|column| column.name == *name),
                "two columns are named {name:?}; name each once"
            );
            let path = match Path::parse(name) {
                Ok(path) => path,
                Err(error) => bail!("the name of column {number}: {error}; rename the column"),
            };
            match name.as_str() {
                ID => id = Some(index),
                _ => insert(&mut members, &steps(&path)?, index, name)?,
            }
            columns.push(Column { name: name.clone(), column_type: ColumnType::String });
        }
        let Some(id) = id else {
            let names: Vec<&str> = header.iter().map(String::as_str).collect();
            bail!("no column is named \"id\"; found {}: name the column of the users' ids \"id\"", names.join(", "));
        };
        for typed in types {
            let Some(column) = columns.iter_mut().find(|column| column.name == typed.column) else {
                let names = header.iter().map(String::as_str);
                let nearest = nearest(&typed.column, names).map(|near| format!("; the nearest is {near:?}"));
                bail!("--types names {:?}, which is no column{}", typed.column, nearest.unwrap_or_default());
            };
            column.column_type = typed.column_type;
        }
        ensure!(columns[id].column_type == ColumnType::String, "--types names \"id\", which is always a string");
        Ok(Self { columns, id, members, null })
    }

    /// Returns a row's id and its other members, a JSON object, or why the row is none. A cell without a value is left out.
    pub fn read(&self, record: &ByteRecord) -> Result<(String, String), String> {
        if record.len() != self.columns.len() {
            let (found, expected) = (record.len(), self.columns.len());
            return Err(format!("it has {found} cells; expected {expected}, one for each column of the header"));
        }
        let id = self.text(record, self.id)?.ok_or("it has no id; every user needs one")?.to_owned();
        let properties = self.object(&self.members, record)?.unwrap_or_else(|| "{}".to_owned());
        Ok((id, properties))
    }

    /// Returns the members that are there as a JSON object; none if there are none.
    fn object(&self, members: &[Member], record: &ByteRecord) -> Result<Option<String>, String> {
        let mut found: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(members.len());
        for Member { name, value } in members {
            let value = match value {
                MemberValue::Column(index) => self.value(record, *index)?,
                MemberValue::Object(members) => self.object(members, record)?.map(Cow::Owned),
            };
            found.extend(value.map(|value| (name.as_str(), value)));
        }
        Ok((!found.is_empty()).then(|| json::object(found.iter().map(|(name, value)| (name, value.as_ref())))))
    }

    /// Returns a cell as JSON.
    fn value<'r>(&self, record: &'r ByteRecord, index: usize) -> Result<Option<Cow<'r, str>>, String> {
        let Some(text) = self.text(record, index)? else { return Ok(None) };
        let Column { name, column_type } = &self.columns[index];
        let value = match column_type {
            ColumnType::String => Cow::Owned(json::quote(text)),
            ColumnType::Number => match json::check(text.trim(), 1) {
                Ok(()) if Kind::of(text.trim()) == Kind::Number => Cow::Borrowed(text.trim()),
                _ => return Err(format!("{name} is no number; expected one such as 12 or 1.50")),
            },
            ColumnType::Boolean => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "t" | "1" => Cow::Borrowed("true"),
                "false" | "f" | "0" => Cow::Borrowed("false"),
                _ => return Err(format!("{name} is no boolean; expected true, t or 1, or false, f or 0")),
            },
            ColumnType::Json => match json::check(text, MAX_DEPTH) {
                Ok(()) => Cow::Borrowed(text.trim()),
                Err(error) => return Err(format!("{name}: {error}")),
            },
        };
        Ok(Some(value))
    }

    /// Returns the text of a cell; none if it has no value.
    fn text<'r>(&self, record: &'r ByteRecord, index: usize) -> Result<Option<&'r str>, String> {
        let bytes = record.get(index).unwrap_or_default();
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(format!("{} is not UTF-8; export the file as UTF-8", self.columns[index].name));
        };
        Ok(Some(text).filter(|text| !text.is_empty() && self.null.as_deref() != Some(text)))
    }
}

/// Returns the names of the members that lead to a column's value.
fn steps(path: &Path) -> anyhow::Result<Vec<&str>> {
    let steps = path.segments().iter().enumerate().map(|(depth, segment)| match segment {
        Segment::Quoted(name) => Ok(name.as_str()),
        Segment::Name(name) if depth == 0 || !name.bytes().all(|byte| byte.is_ascii_digit()) => Ok(name.as_str()),
        Segment::Name(_) | Segment::Index(_) => bail!(
            "the column {:?} names an item of an array; expected the whole array in one column, written as JSON, \
             and --types COLUMN=json",
            path.as_str()
        ),
    });
    steps.collect()
}

/// Adds a column to the members of a user.
fn insert(members: &mut Vec<Member>, steps: &[&str], index: usize, column: &str) -> anyhow::Result<()> {
    let Some((first, rest)) = steps.split_first() else { return Ok(()) };
    let at = members.iter().position(|member| member.name == *first);
    match (at.map(|at| &mut members[at].value), rest) {
        (None, []) => {
            members.push(Member { name: (*first).to_owned(), value: MemberValue::Column(index) });
            Ok(())
        }
        (None, rest) => {
            let mut inner = Vec::new();
            insert(&mut inner, rest, index, column)?;
            members.push(Member { name: (*first).to_owned(), value: MemberValue::Object(inner) });
            Ok(())
        }
        (Some(MemberValue::Object(inner)), rest) if !rest.is_empty() => insert(inner, rest, index, column),
        (Some(_), _) => {
            bail!("the column {column:?} and another one fill the same member; leave one out, or rename it")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(header: &[&str], types: &[&str]) -> anyhow::Result<Columns> {
        let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
        let types: Vec<TypedColumn> = types.iter().map(|text| text.parse().unwrap()).collect();
        Columns::new(&header, &types, Some("\\N".to_owned()))
    }

    fn row(columns: &Columns, cells: &[&str]) -> Result<String, String> {
        columns.read(&ByteRecord::from(cells.to_vec())).map(|(id, text)| format!("{id} {text}"))
    }

    #[test]
    fn a_dot_nests_and_a_quoted_name_does_not() {
        let columns = columns(&["address.city", "id", "address.geo.lat", "name", "[\"a.b\"]"], &[]).unwrap();
        assert_eq!(
            row(&columns, &["Bonn", "u_1", "50", "Ana \"A\"", "x"]).unwrap(),
            r#"u_1 {"address":{"city":"Bonn","geo":{"lat":"50"}},"name":"Ana \"A\"","a.b":"x"}"#
        );
        assert_eq!(row(&columns, &["", "u_1", "\\N", "", ""]).unwrap(), "u_1 {}", "cells without a value are left out");
    }

    #[test]
    fn values_are_strings_unless_a_type_is_named() {
        let types = ["seats=number", "active=boolean", "tags=json"];
        let columns = columns(&["id", "zip", "seats", "active", "tags"], &types).unwrap();
        assert_eq!(
            row(&columns, &["007", "01234", "9007199254740993", "t", "[1.10, null]"]).unwrap(),
            r#"007 {"zip":"01234","seats":9007199254740993,"active":true,"tags":[1.10, null]}"#
        );
        let error = |cells: &[&str]| row(&columns, cells).unwrap_err();
        insta::assert_snapshot!(error(&["1", "", "1,5", "", ""]), @"seats is no number; expected one such as 12 or 1.50");
        insta::assert_snapshot!(error(&["1", "", "NaN", "", ""]), @"seats is no number; expected one such as 12 or 1.50");
        insta::assert_snapshot!(error(&["1", "", "", "yes", ""]), @"active is no boolean; expected true, t or 1, or false, f or 0");
        insta::assert_snapshot!(error(&["1", "", "", "", "[1"]), @"tags: it is not valid JSON: EOF while parsing a list at line 1 column 2");
        insta::assert_snapshot!(error(&["", "", "", "", ""]), @"it has no id; every user needs one");
        insta::assert_snapshot!(error(&["1", ""]), @"it has 2 cells; expected 5, one for each column of the header");
    }

    #[test]
    fn a_header_that_cannot_be_meant_is_refused() {
        let error = |header: &[&str], types: &[&str]| columns(header, types).unwrap_err().to_string();
        insta::assert_snapshot!(error(&["user_id", "name"], &[]), @r#"no column is named "id"; found user_id, name: name the column of the users' ids "id""#);
        insta::assert_snapshot!(error(&["id", "id"], &[]), @r#"two columns are named "id"; name each once"#);
        insta::assert_snapshot!(error(&["id", ""], &[]), @"column 2 has no name; name every column in the first line");
        insta::assert_snapshot!(error(&["id", "a", "a.b"], &[]), @r#"the column "a.b" and another one fill the same member; leave one out, or rename it"#);
        insta::assert_snapshot!(error(&["id", "a.b", "a"], &[]), @r#"the column "a" and another one fill the same member; leave one out, or rename it"#);
        insta::assert_snapshot!(error(&["id", "tags.0"], &[]), @r#"the column "tags.0" names an item of an array; expected the whole array in one column, written as JSON, and --types COLUMN=json"#);
        insta::assert_snapshot!(error(&["id", "a..b"], &[]), @r#"the name of column 2: an empty name at character 3 of the path "a..b"; write paths like data.items[0].sku or ["a.b"].c; rename the column"#);
        insta::assert_snapshot!(error(&["id", "seats"], &["seat=number"]), @r#"--types names "seat", which is no column; the nearest is "seats""#);
        insta::assert_snapshot!(error(&["id"], &["id=number"]), @r#"--types names "id", which is always a string"#);
        insta::assert_snapshot!("seats=int".parse::<TypedColumn>().unwrap_err(), @r#""int" is no type; expected COLUMN=TYPE, with one of the types string, number, boolean and json"#);
    }
}
