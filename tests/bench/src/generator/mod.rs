//! The load generator: cheap, on the same cores as its target, and the same for the bare handler and the server.
//!
//! [`closed`] measures the maximum rate, [`open`] the latency at a given rate, [`overload`] the answers beyond the
//! maximum. The last two are one event loop ([`driver`]).

pub mod answers;
pub mod closed;
mod connection;
pub mod driver;
pub mod open;
pub mod overload;
mod poll;

use std::net::SocketAddr;

use crate::template::Template;

/// The target of a load, and its requests.
#[derive(Debug, Clone)]
pub struct Aim {
    /// The address of the target.
    pub address: SocketAddr,
    /// The request.
    pub template: Template,
}
