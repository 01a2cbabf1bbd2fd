//! UUIDv7 as blobs, which sort by time.

use uuid::Uuid;

use crate::records::Cursor;
use crate::sql;

/// A range of ids, without its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    from: u128,
    to: u128,
}

impl Range {
    /// Returns the ids on the page's side of its cursor.
    pub(crate) fn of(cursor: &Cursor<Uuid>) -> Self {
        let all = Self { from: 0, to: u128::MAX };
        match cursor {
            Cursor::Start => all,
            Cursor::After(id) => Self { to: id.as_u128(), ..all },
            Cursor::Before(id) => Self { from: id.as_u128().saturating_add(1), ..all },
        }
    }

    /// Narrows the range to one id.
    pub(crate) fn only(self, id: Uuid) -> Self {
        self.not_before(id).before(Uuid::from_u128(id.as_u128().saturating_add(1)))
    }

    pub(crate) fn not_before(self, id: Uuid) -> Self {
        Self { from: self.from.max(id.as_u128()), ..self }
    }

    pub(crate) fn before(self, id: Uuid) -> Self {
        Self { to: self.to.min(id.as_u128()), ..self }
    }

    /// The first id of the range, as a value to bind.
    pub(crate) fn from(self) -> Vec<u8> {
        self.from.to_be_bytes().to_vec()
    }

    /// The last id of the range, as a value to bind. The range must not be empty.
    pub(crate) fn last(self) -> Vec<u8> {
        self.to.saturating_sub(1).to_be_bytes().to_vec()
    }

    pub(crate) fn is_empty(self) -> bool {
        self.from >= self.to
    }

    /// The first id after the range, as a value to bind.
    pub(crate) fn to(self) -> Vec<u8> {
        self.to.to_be_bytes().to_vec()
    }
}

/// Reads an id from a column.
pub(crate) fn read(row: &sql::Row, column: usize) -> Result<Uuid, sqlx::Error> {
    let bytes: &[u8] = row.try_get(column)?;
    parse(column, bytes)
}

/// Reads an id from a column that may be NULL.
pub(crate) fn read_optional(row: &sql::Row, column: usize) -> Result<Option<Uuid>, sqlx::Error> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes.map(|bytes| parse(column, bytes)).transpose()
}

/// Reads an id from the bytes of a column.
pub(crate) fn parse(column: usize, bytes: &[u8]) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(bytes)
        .map_err(|problem| sqlx::Error::ColumnDecode { index: column.to_string(), source: Box::new(problem) })
}
