//! The columns of a row.

use sqlx::{Column as _, Row as _, TypeInfo as _, ValueRef as _, postgres::PgRow, sqlite::SqliteRow};

/// A row that a query found.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// Returns the value of a column, counted from 0.
    pub(crate) fn try_get<'r, T: Column<'r>>(&'r self, index: usize) -> Result<T, sqlx::Error> {
        T::read(self, index)
    }
}

/// A type of a column's value.
pub(crate) trait Column<'r>: Sized {
    fn read(row: &'r Row, index: usize) -> Result<Self, sqlx::Error>;
}

macro_rules! columns {
    ($($kind:ty),*) => {
        $(impl<'r> Column<'r> for $kind {
            fn read(row: &'r Row, index: usize) -> Result<Self, sqlx::Error> {
                match row {
                    Row::Sqlite(row) => row.try_get(index),
                    Row::Postgres(row) => row.try_get(index),
                }
            }
        })*
    };
}

columns!(&'r str, String, &'r [u8], Vec<u8>, Option<&'r str>, Option<String>, Option<&'r [u8]>, Option<Vec<u8>>);

impl Column<'_> for Option<i64> {
    fn read(row: &Row, index: usize) -> Result<Self, sqlx::Error> {
        match row {
            Row::Sqlite(row) => row.try_get(index),
            Row::Postgres(row) => postgres_integer(row, index),
        }
    }
}

impl Column<'_> for i64 {
    fn read(row: &Row, index: usize) -> Result<Self, sqlx::Error> {
        Option::<Self>::read(row, index)?.ok_or_else(|| null(index))
    }
}

impl Column<'_> for Option<bool> {
    fn read(row: &Row, index: usize) -> Result<Self, sqlx::Error> {
        Ok(Option::<i64>::read(row, index)?.map(|value| value != 0))
    }
}

impl Column<'_> for bool {
    fn read(row: &Row, index: usize) -> Result<Self, sqlx::Error> {
        Ok(i64::read(row, index)? != 0)
    }
}

macro_rules! small_integers {
    ($($kind:ty),*) => {
        $(impl Column<'_> for Option<$kind> {
            fn read(row: &Row, index: usize) -> Result<Self, sqlx::Error> {
                let value = Option::<i64>::read(row, index)?.map(<$kind>::try_from).transpose();
                value.map_err(|problem| sqlx::Error::ColumnDecode {
                    index: index.to_string(),
                    source: Box::new(problem),
                })
            }
        }

        impl Column<'_> for $kind {
            fn read(row: &Row, index: usize) -> Result<Self, sqlx::Error> {
                Option::<Self>::read(row, index)?.ok_or_else(|| null(index))
            }
        })*
    };
}

small_integers!(u8, u16, u32);

fn null(index: usize) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: index.to_string(), source: "the column is NULL".into() }
}

/// A number, a sum and a comparison have types of their own in PostgreSQL.
fn postgres_integer(row: &PgRow, index: usize) -> Result<Option<i64>, sqlx::Error> {
    if row.try_get_raw(index)?.is_null() {
        return Ok(None);
    }
    match row.columns()[index].type_info().name() {
        "INT4" => row.try_get::<i32, _>(index).map(i64::from).map(Some),
        "BOOL" => row.try_get::<bool, _>(index).map(i64::from).map(Some),
        "NUMERIC" => {
            let value = row.try_get_raw(index)?;
            let bytes = value.as_bytes().map_err(sqlx::Error::Decode)?;
            whole_number(bytes).map(Some).ok_or_else(|| sqlx::Error::ColumnDecode {
                index: index.to_string(),
                source: "the number is no 64-bit integer".into(),
            })
        }
        _ => row.try_get(index),
    }
}

/// Reads a NUMERIC in PostgreSQL's binary form: the number of digits of base 10,000, the weight of the first one, the sign, the
/// number of decimals, and the digits, each of 16 bits. A sum of 64-bit integers is one.
fn whole_number(bytes: &[u8]) -> Option<i64> {
    let word = |at: usize| Some(i16::from_be_bytes([*bytes.get(2 * at)?, *bytes.get(2 * at + 1)?]));
    let (digits, weight, sign) = (usize::try_from(word(0)?).ok()?, i64::from(word(1)?), word(2)?);
    let mut value: i128 = 0;
    for at in 0..=weight.max(-1) {
        let digit = usize::try_from(at).ok().filter(|at| *at < digits).and_then(|at| word(4 + at)).unwrap_or(0);
        value = value.checked_mul(10_000)?.checked_add(digit.into())?;
    }
    i64::try_from(if sign == 0x4000 { -value } else { value }).ok()
}

/// A type that is read from the first columns of a row.
pub(crate) trait FromRow: Sized {
    fn from_row(row: &Row) -> Result<Self, sqlx::Error>;
}

macro_rules! tuples {
    ($(($($name:ident $index:literal),+))*) => {
        $(impl<$($name: for<'r> Column<'r>),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row) -> Result<Self, sqlx::Error> {
                Ok(($(row.try_get::<$name>($index)?,)+))
            }
        })*
    };
}

tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
}

impl From<SqliteRow> for Row {
    fn from(row: SqliteRow) -> Self {
        Self::Sqlite(row)
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        Self::Postgres(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_whole_numbers() {
        let bytes = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
        assert_eq!(whole_number(&bytes(&[0, 0, 0, 0])), Some(0));
        assert_eq!(whole_number(&bytes(&[1, 0, 0, 0, 42])), Some(42));
        assert_eq!(whole_number(&bytes(&[2, 1, 0, 0, 12, 3456])), Some(123_456));
        assert_eq!(whole_number(&bytes(&[1, 1, 0x4000, 0, 7])), Some(-70_000), "zeros at the end are left out");
        assert_eq!(whole_number(&bytes(&[1, 9, 0, 0, 1])), None, "too large");
        assert_eq!(whole_number(&[0, 1]), None);
    }
}
