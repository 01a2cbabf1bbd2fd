//! Entries of the change log: the members that differ, and never a secret or a token.

mod clock;
mod delivery;
mod environment;
mod forget;
mod issue;
mod management_token;
mod plugin;
mod repair;
mod sign_in_link;
mod source;
mod target;
mod variable;
mod workflow_run;

pub use clock::system_time_accepted;
pub use delivery::deliveries_changed;
pub(crate) use environment::{
    api_key_created, api_key_deleted, environment_created, environment_deleted, environment_updated,
};
pub use forget::user_forgotten;
pub use issue::issue_changed;
pub(crate) use management_token::{management_token_created, management_token_deleted};
pub(crate) use plugin::{plugin_added, plugin_removed};
pub use repair::repaired;
pub use sign_in_link::sign_in_link_created;
pub(crate) use source::{endpoint_rotated, plugin_used, source_changed, source_created, source_deleted};
pub(crate) use target::{target_deleted, target_put, target_state_set};
pub(crate) use variable::{variable_deleted, variable_put};
pub use workflow_run::workflow_run_changed;

/// Returns a JSON string, or null.
fn string_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), inlet_core::json::quote)
}
