//! A real server for the tests: the built binary, on a port of its own, with a data directory of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test harness: a panic is how it fails")]

mod calls;
pub mod raw;
mod repack;
mod server;
mod setup;
mod versions;

pub use calls::BEARER;
pub use repack::{digest, repack};
pub use server::{
    MANAGEMENT_TOKEN, Server, ServerOptions, all_files, binary, bundled_plugin, find_cc, platform_plugin, test_plugin,
};
pub use setup::{Endpoint, SEGMENT_SECRET, hmac_sha1, read_json, track};
pub use versions::{http_changed, http_version};
