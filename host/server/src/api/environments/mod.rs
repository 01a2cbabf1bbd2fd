//! Environments, and the keys to them.

pub mod create_api_key;
pub mod list;
