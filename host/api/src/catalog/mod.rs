//! The catalogue: the plugins that ship with the server and are installed on demand.

pub mod install;
pub mod list;
