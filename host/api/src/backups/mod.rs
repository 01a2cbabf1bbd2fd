//! Backups of the whole server.

pub mod create;
