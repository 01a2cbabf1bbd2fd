//! Requests, responses and errors of the HTTP API.
//!
//! Each body is one struct: the server reads or writes it, clients do the opposite, and `/openapi.json` describes it.
//! There is a file for each resource; the other files hold the parts that bodies are made of.
//!
//! Conventions of the structs:
//! - A response member that may be null is an `Option` with `#[schema(required)]`, and is always written.
//! - A request member that may be absent is an `Option`. The server treats null like an absent member, except in a
//!   [`Patch`], where null clears.
//! - JSON that is passed on is [`RawJson`], so that every digit survives.
//! - Times are RFC 3339 texts in UTC, and ids are texts.

pub mod actions;
pub mod attention;
pub mod catalog;
pub mod changes;
pub mod clock;
pub mod configuration;
mod days;
pub mod deliveries;
pub mod environments;
mod error;
pub mod hints;
pub mod issues;
pub mod logs;
pub mod management_tokens;
pub mod nodes;
pub mod operational_events;
mod pace;
mod page;
mod patch;
pub mod providers;
mod raw_json;
mod read_only;
mod reading;
pub mod recipients;
pub mod refused_requests;
pub mod rehearsals;
pub mod replays;
pub mod retention;
pub mod runs;
pub mod search;
pub mod sign_in_links;
pub mod sources;
pub mod statistics;
pub mod system;
pub mod targets;
pub mod test_cases;
pub mod traces;
pub mod unrouted_requests;
pub mod variables;
pub mod webhooks;
pub mod workflows;

pub use days::Days;
pub use error::ErrorBody;
pub use page::{PageInfo, PageParams};
pub use patch::Patch;
pub use raw_json::RawJson;
pub use read_only::ReadOnly;
pub use reading::{optional_whole_number, required, whole_number};
