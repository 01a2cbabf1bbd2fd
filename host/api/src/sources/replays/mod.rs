//! Replays: background jobs that carry many stored events out again.

pub mod cancel;
pub mod create;
pub mod get;
pub mod list;
pub mod preview;
pub mod request;
mod response;
