//! Providers: the server's plugins, and the versions of them that operators add and remove.

pub mod add;
pub mod component_upload;
pub mod conformance;
pub mod get;
pub mod list;
mod publisher_pin;
pub mod remove;
pub mod response;
pub mod upload;
pub mod versions;
