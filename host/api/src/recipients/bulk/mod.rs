//! Bulk operations: accepting, and showing how far they are.

pub mod accept;
pub mod get;
pub mod objects;
pub mod response;
pub mod tenants;
pub mod users;
