//! What Inlet does with an event.
//!
//! The pure core: no wasm, no SQL, no HTTP and no clock of its own. Values go in, plans and settlements come out; the
//! edges act. An event goes through the modules in this order:
//!
//! 1. [`verification`]: is the request from whom it says?
//! 2. [`contract`]: what a plugin says about the request, as plain values.
//! 3. [`event`]: the values that the plugin points at are cut out and interpreted: the common event.
//! 4. [`plan`]: the [`actions`] that the source environment's [`mapping`]s ask for, parameters resolved by [`path`].
//! 5. [`settle`]: each action decides its [`effect`]s, given who is identified ([`user`], [`recipient`]) and which
//!    executions count ([`idempotency`]). It runs inside the store's transaction, on the part of the store that is
//!    loaded into the [`world`].
//! 6. [`log`]: what is kept of all that.
//!
//! [`quarantine`] stands before the second: a plugin that fails on most of what it gets is not run.

pub mod actions;
pub mod contract;
pub mod credential;
pub mod effect;
pub mod event;
pub mod idempotency;
pub mod json;
pub mod log;
pub mod mapping;
pub mod path;
pub mod plan;
pub mod quarantine;
pub mod recipient;
pub mod run;
pub mod settings;
pub mod settle;
pub mod signing_secret;
pub mod time;
pub mod user;
pub mod verification;
pub mod world;

pub use bytestring::ByteString;
pub use uuid::Uuid;
