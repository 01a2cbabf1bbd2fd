//! The values of one row, on their way to a statement.

use std::borrow::Cow;

use uuid::Uuid;

use crate::sql::{Bind as _, Value};

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
        self.add(Value::Int(Some(value)))
    }

    pub(crate) fn optional_int(&mut self, value: Option<i64>) -> &mut Self {
        self.add(Value::Int(value))
    }

    pub(crate) fn text(&mut self, value: &'v str) -> &mut Self {
        self.optional_text(Some(value))
    }

    pub(crate) fn optional_text(&mut self, value: Option<&'v str>) -> &mut Self {
        self.add(Value::Text(value.map(Cow::Borrowed)))
    }

    pub(crate) fn optional_owned_text(&mut self, value: Option<String>) -> &mut Self {
        self.add(Value::Text(value.map(Cow::Owned)))
    }

    pub(crate) fn blob(&mut self, value: &'v [u8]) -> &mut Self {
        self.optional_blob(Some(value))
    }

    pub(crate) fn optional_blob(&mut self, value: Option<&'v [u8]>) -> &mut Self {
        self.add(Value::Bytes(value.map(Cow::Borrowed)))
    }

    pub(crate) fn owned_blob(&mut self, value: Vec<u8>) -> &mut Self {
        self.add(value.into_value())
    }

    pub(crate) fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.add(Value::Uuid(value))
    }

    pub(crate) fn optional_uuid(&mut self, value: Option<Uuid>) -> &mut Self {
        self.add(value.map_or(Value::Bytes(None), Value::Uuid))
    }

    pub(crate) fn values(&self) -> &[Value<'v>] {
        &self.values
    }

    /// Forgets the values, and keeps the room for those of the next row.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }

    pub(crate) fn into_values(self) -> Vec<Value<'v>> {
        self.values
    }
}
