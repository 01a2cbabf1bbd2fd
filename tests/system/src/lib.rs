//! A test harness that runs the built server binary on its own port with its own data directory.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test harness: a panic is how it fails")]

mod compiled_plugins;
mod fixtures;
mod jsonrpc;
mod memory;
mod plugin_versions;
mod postgres;
pub mod raw_http;
mod receiver;
mod repack;
mod server;
mod shim;
mod tcp_proxy;

pub use fixtures::{Endpoint, SEGMENT_SECRET, hmac_sha1, read_json, track};
pub use jsonrpc::BEARER;
pub use memory::memory_peak;
pub use plugin_versions::{http_changed, http_version};
pub use postgres::Postgres;
pub use receiver::{ReceivedRequest, Receiver, ReceiverAnswer};
pub use repack::{digest, repack};
pub use server::{
    MANAGEMENT_TOKEN, Server, ServerOptions, all_files, binary, bundled_plugin, find_cc, platform_directory,
    platform_plugin, test_plugin,
};
pub use shim::build_shim;
pub use tcp_proxy::{Line, TcpProxy};
