//! The common parts of all answers, and the answers that belong to no resource.

pub mod browser;
pub mod host_check;
pub mod json_newline;
pub mod landing;
pub mod unrouted;
