//! The management API, for operators with a management token, and the API of an environment's own code, with its key.
//!
//! A folder for each resource, with a file for each operation; concepts have files of their own. A handler reads its
//! parameters, takes one snapshot of the configuration, and answers with a type of `inlet-api-types` or an
//! [`error::ApiError`].
//!
//! Invariants: no response holds a signing secret, and a key only once; stored JSON is embedded as text; each operation is
//! one line of [`routes`], which gives its access and puts it into the document at `/openapi.json`; every change is logged
//! in its own transaction.

mod actions;
mod answer_memory;
mod auth;
mod backups;
mod body;
mod catalog;
mod changes;
mod clock;
mod completion;
mod configuration;
mod deliveries;
mod environments;
mod error;
mod etag;
mod hash_values;
mod id;
pub mod in_process;
mod issues;
mod logs;
mod management_tokens;
mod mapping_references;
mod nodes;
mod openapi;
mod operational_events;
mod page;
mod path;
mod providers;
mod query;
mod recipients;
mod routes;
mod runs;
mod scope;
mod search;
pub mod sign_in_links;
mod sources;
mod statistics;
mod stored_json;
mod system;
mod targets;
mod unrouted_requests;
mod variables;
mod verification;
mod workflows;

pub use auth::{Operator, TokenRef};
pub use error::ApiError;
pub use hash_values::hash_values;
pub use routes::{for_readers, router};
pub use scope::Scope;

#[cfg(test)]
mod tests;
