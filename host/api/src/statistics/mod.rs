//! Events over time.

pub mod deliveries;
pub mod get;
mod quantile;
mod range;
