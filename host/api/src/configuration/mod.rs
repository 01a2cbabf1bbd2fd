//! The configuration as one document: read as a whole, and changed as a whole or not at all.
//!
//! A change is planned on the state that the document leads to: its mappings see its variables and its targets. The checks
//! are those of the single resources.

pub mod document;
pub mod get;
mod plan;
pub mod put;
mod version;

pub use version::version;
