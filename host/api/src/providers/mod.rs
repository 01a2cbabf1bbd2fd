//! Providers: the plugins that this server has, and versions of them that are added and removed while it runs.

pub mod add;
pub mod get;
pub mod list;
mod publisher;
pub mod received;
pub mod remove;
pub mod shown;
pub mod versions;
