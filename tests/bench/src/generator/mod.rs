//! The load: cheap, on the same cores as what it drives, and the same for the bare handler and the server.
//!
//! [`closed`] finds out how much can be done, [`open`] how long it takes at a rate that somebody else dictates.

pub mod closed;
pub mod open;

use std::net::SocketAddr;

use crate::template::Template;

/// What is driven, and with what.
#[derive(Debug, Clone)]
pub struct Aim {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it is sent.
    pub template: Template,
}
