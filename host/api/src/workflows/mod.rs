//! `/v1/workflows`: the workflows of an environment.

pub mod list;
