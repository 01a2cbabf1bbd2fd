//! Sources: platforms that send events, and the settings and mappings of each environment for them.
//!
//! One file per operation. An operation with several concepts, and each resource below a source, has a folder.

pub mod compare;
pub mod delete;
pub mod describe_event_type;
pub mod dismiss_attention;
pub mod get;
pub mod list;
pub mod list_event_types;
pub mod logs;
pub mod lookup;
pub mod plugin;
pub mod refused_requests;
pub mod rehearsal;
pub mod replays;
pub mod response;
pub mod rotate_endpoint;
pub mod send;
pub mod status;
pub mod upsert;

pub use plugin::choice::VersionName;
