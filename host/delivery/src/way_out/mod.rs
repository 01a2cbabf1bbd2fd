//! The way out: the only place from which deliveries open connections.
//!
//! | what | limit |
//! |---|---|
//! | addresses | globally reachable ones, and what the operator allows ([`address`]) |
//! | redirects | none is followed; an answer 3xx is judged like any other |
//! | TLS | rustls: 1.2 with ECDHE and AEAD at least, certificates as the system trusts them |
//! | time | each of connecting, the answer's head and its body has its own limit ([`TimeLimits`]) |
//! | answers | 64 KiB are read, the rest is discarded with the connection |

mod address;
mod client;
mod connector;
mod nats;
mod resolve;
#[cfg(test)]
mod tests;
mod time_limit;

pub use self::{
    address::{AddressRules, RefusedAddress},
    client::{ClientOptions, HttpProxy, SendError, TimeLimits, TlsUnavailable, WayOut},
    connector::{ConnectError, GuardedConnector},
    resolve::{Addresses, Resolve, SystemResolver},
};
