//! What every answer of the server has in common, and the answers that belong to no resource.

pub mod host_check;
pub mod json_newline;
pub mod landing;
pub mod unrouted;
