//! Links that sign in to the dashboard once.

pub mod create;
mod link;

pub use link::{create_for_bootstrap, redeem};
