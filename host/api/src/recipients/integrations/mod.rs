//! Platforms that sync a warehouse straight into the users and audiences of an environment: Census's custom destination and
//! Hightouch's embedded destination.
//!
//! Both speak JSON-RPC ([`rpc`]): they query objects and fields, and then send records, each of which becomes one operation
//! ([`records`]) and has a result of its own. The platform never sends again a record that it was told is taken.

pub mod census;
pub mod hightouch;
mod hightouch_configuration;
mod object;
mod records;
mod rpc;
