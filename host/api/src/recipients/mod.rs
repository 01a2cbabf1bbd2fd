//! The recipients API: users, objects, tenants and workflows, for an environment's own code with its key.
//!
//! A call that changes something becomes an operation of `inlet_engine::recipients` ([`call`]): it is carried out like an
//! action of an event, and is kept in the log `$api`. Values are checked before that, so that an error names its member.

pub mod audiences;
pub mod bulk;
pub mod call;
pub mod ids;
pub mod integrations;
pub mod objects;
pub mod parties;
pub mod properties;
pub mod read;
pub mod references;
pub mod response;
pub mod subscriptions;
pub mod tenants;
pub mod users;
pub mod workflows;

/// The most names of collections and audiences that are listed.
const MAX_NAMES: usize = 1000;
