//! Changing the configuration: one unit of work for whoever does it.
//!
//! [`Engine::configure`] lets one change run at a time. A [`ConfigurationChange`] reads what is in force, and each of its
//! operations writes to the store, with its entry in the change log in the same transaction, and then puts the result in
//! force. Nothing outside this folder can take the lock or reload the configuration.
//!
//! An operation is one method in the file of its resource: [`sources`], [`plugins`], [`environments`],
//! [`management_tokens`]. [`parts`] makes several changes at once.

mod change;
mod change_turn;
pub(crate) mod current;
mod environments;
mod error;
mod management_tokens;
mod parts;
mod plugins;
mod sources;
mod targets;
mod variables;

pub use change::ConfigurationChange;
pub use error::ConfigureError;
pub use parts::ChangedPart;
pub use plugins::PublisherPinning;
