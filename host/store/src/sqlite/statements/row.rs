//! The values of one row, on their way to a statement.

use std::sync::Arc;

use sqlx::{Arguments as _, sqlite::SqliteArguments};
use uuid::Uuid;

/// A value to bind. Borrowed values live as long as the items that a statement is run over.
#[derive(Debug)]
pub(crate) enum Value<'v> {
    Null,
    Int(i64),
    Text(&'v str),
    OwnedText(String),
    Blob(&'v [u8]),
    OwnedBlob(Vec<u8>),
    Uuid(Uuid),
}

/// The values of a row, in the order of the columns.
#[derive(Debug, Default)]
pub(crate) struct Row<'v> {
    values: Vec<Value<'v>>,
}

impl<'v> Row<'v> {
    fn add(&mut self, value: Value<'v>) -> &mut Self {
        self.values.push(value);
        self
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        self.add(Value::Int(value))
    }

    pub(crate) fn optional_int(&mut self, value: Option<i64>) -> &mut Self {
        self.add(value.map_or(Value::Null, Value::Int))
    }

    pub(crate) fn text(&mut self, value: &'v str) -> &mut Self {
        self.add(Value::Text(value))
    }

    pub(crate) fn optional_text(&mut self, value: Option<&'v str>) -> &mut Self {
        self.add(value.map_or(Value::Null, Value::Text))
    }

    pub(crate) fn optional_owned_text(&mut self, value: Option<String>) -> &mut Self {
        self.add(value.map_or(Value::Null, Value::OwnedText))
    }

    pub(crate) fn blob(&mut self, value: &'v [u8]) -> &mut Self {
        self.add(Value::Blob(value))
    }

    pub(crate) fn optional_blob(&mut self, value: Option<&'v [u8]>) -> &mut Self {
        self.add(value.map_or(Value::Null, Value::Blob))
    }

    pub(crate) fn owned_blob(&mut self, value: Vec<u8>) -> &mut Self {
        self.add(Value::OwnedBlob(value))
    }

    pub(crate) fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.add(Value::Uuid(value))
    }

    pub(crate) fn optional_uuid(&mut self, value: Option<Uuid>) -> &mut Self {
        self.add(value.map_or(Value::Null, Value::Uuid))
    }

    pub(crate) fn values(&self) -> &[Value<'v>] {
        &self.values
    }

    /// Forgets the values, and keeps the room for those of the next row.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }

    /// Copies the values for sqlx.
    pub(crate) fn to_arguments(&self) -> Result<SqliteArguments, sqlx::Error> {
        let mut arguments = SqliteArguments::default();
        arguments.reserve(self.values.len(), 0);
        for value in &self.values {
            match value {
                Value::Null => arguments.add(None::<i64>),
                Value::Int(value) => arguments.add(*value),
                // A plain `&str` would be copied into a `String` inside an `Arc`: two allocations.
                Value::Text(value) => arguments.add(Arc::<str>::from(*value)),
                Value::OwnedText(value) => arguments.add(Arc::<str>::from(value.as_str())),
                Value::Blob(value) => arguments.add(*value),
                Value::OwnedBlob(value) => arguments.add(value.as_slice()),
                Value::Uuid(value) => arguments.add(value.as_bytes().as_slice()),
            }
            .map_err(sqlx::Error::Encode)?;
        }
        Ok(arguments)
    }
}
