//! Operational events: what the server tells its operator about itself.

pub mod list;
mod response;
pub mod test;
