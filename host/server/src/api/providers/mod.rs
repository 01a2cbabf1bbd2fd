//! Providers: the plugins that this server has.

pub mod get;
pub mod list;
pub mod shown;
