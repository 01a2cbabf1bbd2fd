//! UUIDv7 as blobs: their first six bytes are the time in milliseconds, big endian, so that they sort by time.

use sqlx::{Row, sqlite::SqliteRow};
use uuid::Uuid;

use crate::page::Cursor;

/// The smallest id of this millisecond: all ids before the time are smaller.
pub(crate) fn floor(ms: i64) -> Uuid {
    // Times before 1970 and after the year 10889 do not occur in ids.
    let ms = u64::try_from(ms).unwrap_or(0).min((1 << 48) - 1);
    Uuid::from_u128(u128::from(ms) << 80)
}

/// The time in an id, in milliseconds since 1970.
pub(crate) fn time_of(id: Uuid) -> i64 {
    (id.as_u128() >> 80) as i64
}

/// Ids from one to another, the second excluded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    from: u128,
    to: u128,
}

impl Range {
    /// What lies on the page's side of its cursor.
    pub(crate) fn of(cursor: &Cursor<Uuid>) -> Self {
        let all = Self { from: 0, to: u128::MAX };
        match cursor {
            Cursor::Start => all,
            Cursor::After(id) => Self { to: id.as_u128(), ..all },
            Cursor::Before(id) => Self { from: id.as_u128().saturating_add(1), ..all },
        }
    }

    /// Nothing but this id.
    pub(crate) fn only(self, id: Uuid) -> Self {
        self.not_before(id).before(Uuid::from_u128(id.as_u128().saturating_add(1)))
    }

    pub(crate) fn not_before(self, id: Uuid) -> Self {
        Self { from: self.from.max(id.as_u128()), ..self }
    }

    pub(crate) fn before(self, id: Uuid) -> Self {
        Self { to: self.to.min(id.as_u128()), ..self }
    }

    /// To bind: the first id of the range.
    pub(crate) fn from(self) -> Vec<u8> {
        self.from.to_be_bytes().to_vec()
    }

    /// To bind: the first id after the range.
    pub(crate) fn to(self) -> Vec<u8> {
        self.to.to_be_bytes().to_vec()
    }
}

/// An id from a column.
pub(crate) fn read(row: &SqliteRow, column: usize) -> Result<Uuid, sqlx::Error> {
    let bytes: &[u8] = row.try_get(column)?;
    parse(column, bytes)
}

/// An id from a column that may be NULL.
pub(crate) fn read_optional(row: &SqliteRow, column: usize) -> Result<Option<Uuid>, sqlx::Error> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes.map(|bytes| parse(column, bytes)).transpose()
}

fn parse(column: usize, bytes: &[u8]) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(bytes)
        .map_err(|problem| sqlx::Error::ColumnDecode { index: column.to_string(), source: Box::new(problem) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_their_time() {
        let id = Uuid::now_v7();
        let ms = time_of(id);
        assert!(floor(ms) <= id);
        assert!(id < floor(ms + 1));
        assert_eq!(time_of(floor(ms)), ms);
        assert_eq!(floor(-5), Uuid::nil());
    }
}
