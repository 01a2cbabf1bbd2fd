//! The store's time, by which data is kept and idempotency windows are counted.

pub mod accept;
pub mod get;
pub mod response;
