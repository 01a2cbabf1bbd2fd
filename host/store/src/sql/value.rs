//! The values of parameters.

use std::{borrow::Cow, sync::Arc};

use sqlx::{Arguments as _, postgres::PgArguments, sqlite::SqliteArguments};
use uuid::Uuid;

/// A value of a parameter. PostgreSQL wants to know the type of a NULL too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value<'v> {
    Int(Option<i64>),
    Text(Option<Cow<'v, str>>),
    Bytes(Option<Cow<'v, [u8]>>),
    /// The bytes of an id.
    Uuid(Uuid),
}

impl<'v> Value<'v> {
    pub(super) fn add_to_sqlite(self, arguments: &mut SqliteArguments) -> Result<(), sqlx::Error> {
        let added = match self {
            Self::Int(value) => arguments.add(value),
            // A `String` would be put into an `Arc` of its own: another allocation.
            Self::Text(value) => arguments.add(value.map(|text| Arc::<str>::from(&*text))),
            Self::Bytes(value) => arguments.add(value.map(Cow::into_owned)),
            Self::Uuid(value) => arguments.add(value.as_bytes().as_slice()),
        };
        added.map_err(sqlx::Error::Encode)
    }

    pub(super) fn add_to_postgres(self, arguments: &mut PgArguments) -> Result<(), sqlx::Error> {
        let added = match self {
            Self::Int(value) => arguments.add(value),
            Self::Text(value) => arguments.add(value.map(without_nul).as_deref()),
            Self::Bytes(value) => arguments.add(value.as_deref()),
            Self::Uuid(value) => arguments.add(value.as_bytes().as_slice()),
        };
        added.map_err(sqlx::Error::Encode)
    }
}

/// PostgreSQL has no NUL in texts; the replacement character stands for it.
pub(crate) fn without_nul(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { text }
}

/// A type whose values can be bound to a parameter.
pub(crate) trait Bind<'v> {
    /// Returns the value; [`None`] stands for the NULL of the type.
    fn into_value(self) -> Value<'v>;

    /// Returns the NULL of the type.
    fn null() -> Value<'v>;
}

macro_rules! bind {
    ($($kind:ty => $variant:ident, $value:ident => $into:expr;)*) => {
        $(impl<'v> Bind<'v> for $kind {
            fn into_value(self) -> Value<'v> {
                let $value = self;
                Value::$variant(Some($into))
            }

            fn null() -> Value<'v> {
                Value::$variant(None)
            }
        })*
    };
}

bind! {
    i64 => Int, value => value;
    i32 => Int, value => value.into();
    u32 => Int, value => value.into();
    u16 => Int, value => value.into();
    u8 => Int, value => value.into();
    bool => Int, value => value.into();
    &i64 => Int, value => *value;
    &u32 => Int, value => (*value).into();
    &'v str => Text, value => Cow::Borrowed(value);
    &'v String => Text, value => Cow::Borrowed(value.as_str());
    String => Text, value => Cow::Owned(value);
    Box<str> => Text, value => Cow::Owned(value.into());
    &'v Box<str> => Text, value => Cow::Borrowed(&**value);
    Cow<'v, str> => Text, value => value;
    &'v [u8] => Bytes, value => Cow::Borrowed(value);
    &'v Vec<u8> => Bytes, value => Cow::Borrowed(value.as_slice());
    Vec<u8> => Bytes, value => Cow::Owned(value);
    Cow<'v, [u8]> => Bytes, value => value;
}

impl<'v, const N: usize> Bind<'v> for &'v [u8; N] {
    fn into_value(self) -> Value<'v> {
        self.as_slice().into_value()
    }

    fn null() -> Value<'v> {
        <&[u8]>::null()
    }
}

impl<'v, T: Bind<'v>> Bind<'v> for Option<T> {
    fn into_value(self) -> Value<'v> {
        self.map_or_else(T::null, T::into_value)
    }

    fn null() -> Value<'v> {
        T::null()
    }
}

impl<'v, T> Bind<'v> for &'v Option<T>
where
    &'v T: Bind<'v>,
{
    fn into_value(self) -> Value<'v> {
        self.as_ref().into_value()
    }

    fn null() -> Value<'v> {
        <&'v T>::null()
    }
}

impl<'v> Bind<'v> for Value<'v> {
    fn into_value(self) -> Value<'v> {
        self
    }

    fn null() -> Value<'v> {
        Value::Int(None)
    }
}
