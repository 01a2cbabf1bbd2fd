//! One file for each table or group of tables: its reads, and the operations that change it.

pub(crate) mod api_keys;
pub(crate) mod attention;
pub(crate) mod body_retention;
pub(crate) mod change_log;
pub(crate) mod deleted_environments;
pub(crate) mod deleted_sources;
pub(crate) mod endpoint_tokens;
pub(crate) mod environments;
pub(crate) mod event_logs;
pub(crate) mod event_types;
pub(crate) mod hashed_retention;
pub(crate) mod job_leases;
pub(crate) mod kept_requests;
pub(crate) mod management_tokens;
pub(crate) mod mappings;
pub(crate) mod plugin_versions;
pub(crate) mod recipients;
pub(crate) mod refused_requests;
pub(crate) mod replays;
pub(crate) mod retention;
pub(crate) mod runs;
pub(crate) mod skipped_recipients;
pub(crate) mod source_environments;
pub(crate) mod sources;
pub(crate) mod store_time;
