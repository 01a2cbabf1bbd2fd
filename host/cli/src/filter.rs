//! Filters of the API's lists: one table of names and descriptions for the commands and for the tools of `inlet mcp`.

use std::fmt::Write as _;

use crate::client::encoded;

/// A filter of a list.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// The query parameter of the API.
    pub name: &'static str,
    /// The description, for people and for agents.
    pub description: &'static str,
}

impl Filter {
    /// Returns a filter.
    pub const fn new(name: &'static str, description: &'static str) -> Self {
        Self { name, description }
    }
}

/// Returns the query parameters of the filters that have a value, each with an ampersand before it.
pub fn query(filters: &[(Filter, &Option<String>)]) -> String {
    let mut query = String::new();
    for (filter, value) in filters {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            _ = write!(query, "&{}={}", filter.name, encoded(value));
        }
    }
    query
}

/// The filters of deliveries.
pub mod delivery {
    use super::Filter;

    /// The target of deliveries.
    pub const TARGET: Filter = Filter::new("target", "Only deliveries to this target, by its key");
    /// The status of deliveries.
    pub const STATUS: Filter =
        Filter::new("status", "Only deliveries with this status: pending, retrying, delivered, dead or canceled");
    /// The workflow of deliveries.
    pub const WORKFLOW: Filter = Filter::new("workflow", "Only deliveries of this workflow, by its key");
    /// The run of deliveries.
    pub const RUN_ID: Filter = Filter::new("workflow_run_id", "Only deliveries of this run");
    /// The event that caused deliveries.
    pub const EVENT_ID: Filter = Filter::new("source_event_id", "Only deliveries that this event caused");
}

/// The filters of runs.
pub mod run {
    use super::Filter;

    /// The workflow of runs.
    pub const WORKFLOW: Filter = Filter::new("workflow", "Only runs of this workflow, by its key");
    /// The event that caused runs.
    pub const EVENT_ID: Filter = Filter::new("source_event_id", "Only runs that this event caused");
}
