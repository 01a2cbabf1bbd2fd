//! Statements that run on either database: texts with `?` parameters, values, rows and connections.
//!
//! The functions and methods are named as sqlx names them, so that a statement reads the same. Values and columns are 64-bit
//! integers, texts and bytes; truth values are the integers 0 and 1.
//!
//! - [`arrays`]: statements over many rows on PostgreSQL;
//! - [`connection`]: a connection that is lent, pools of them, and snapshots;
//! - [`query`]: statements with their values;
//! - [`row`]: the columns of a row;
//! - [`text`]: texts of statements, and what PostgreSQL writes otherwise;
//! - [`together`]: several statements over many rows as one, on PostgreSQL;
//! - [`value`]: the values of parameters.

mod arrays;
mod connection;
mod query;
mod row;
mod text;
mod together;
mod value;

pub(crate) use arrays::ArrayStatement;
pub(crate) use connection::{Connection, Pool};
pub(crate) use query::{Query, query, query_as, query_scalar, query_with};
pub(crate) use row::{Column, FromRow, Row};
pub(crate) use text::{Text, each};
pub(crate) use together::Together;
pub(crate) use value::{Bind, Value, without_nul};
