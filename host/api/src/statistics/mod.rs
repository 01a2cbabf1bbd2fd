//! Events over time.

pub mod get;
mod quantile;
mod range;
