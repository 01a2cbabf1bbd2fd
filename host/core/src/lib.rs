//! The rules by which Inlet processes an event.
//!
//! The crate is pure: no wasm, no SQL, no HTTP and no clock of its own. Values go in, plans and settlements come out, and
//! the other crates act on them. An event goes through the modules in this order:
//!
//! 1. [`verification`]: proves that the request comes from its platform.
//! 2. [`contract`]: the plugin's translation of the request, as plain values.
//! 3. [`event`]: cuts the values that the plugin points at out of the body and interprets them: the common event.
//! 4. [`plan`]: the [`actions`] that the source environment's [`mapping`]s ask for, parameters resolved by [`path`].
//! 5. [`settle`]: each action decides its [`effect`]s, given who is identified ([`user`], [`recipient`]) and which
//!    executions count ([`idempotency`]). It runs inside the store's transaction, on the part of the store that is
//!    loaded into the [`world`].
//! 6. [`log`]: the event log and the action logs.
//!
//! [`parked`] holds the recipients that triggers wait for until they are identified.
//!
//! [`delivery`] says which calls bring a run to which targets.
//!
//! [`subject`] says what names a user who is to be forgotten.
//!
//! [`operational`] says what an operator should know.
//!
//! [`configuration`] says in what two configurations differ.
//! [`issues`] groups failures by their cause.
//!
//! [`quarantine`] decides before the second step whether the plugin is called at all; [`blame`] which faults it counts.

pub mod actions;
pub mod audience;
pub mod blame;
pub mod configuration;
pub mod contract;
pub mod credential;
pub mod delivery;
pub mod effect;
pub mod event;
pub mod fields_seen;
pub mod hints;
pub mod idempotency;
pub mod issues;
pub mod json;
pub mod log;
pub mod mapping;
pub mod nearest;
pub mod operational;
pub mod parked;
pub mod path;
pub mod plan;
pub mod quarantine;
pub mod recipient;
pub mod rotating_secret;
pub mod run;
pub mod settings;
pub mod settle;
pub mod subject;
pub mod time;
pub mod user;
pub mod variables;
pub mod verification;
pub mod world;

pub use bytestring::ByteString;
pub use uuid::Uuid;
