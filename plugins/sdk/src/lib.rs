//! For plugin authors: a trait, an export macro and helpers to read what platforms send.
//!
//! A plugin says which events a platform's request holds. It *points* at values with JSON Pointers and never copies
//! them, so a whole plugin is a few reads and a few decisions:
//!
//! ```
//! use inlet_plugin::{Event, Item, Notice, Plugin, Request, Translation};
//!
//! struct Billing;
//!
//! impl Plugin for Billing {
//!     fn translate(request: &Request) -> Result<Translation, Notice> {
//!         let body = request.json()?;
//!         let [kind, account, id] = body.fields(["type", "account", "id"]);
//!         let Some(kind) = kind.as_ref().and_then(|node| node.as_str()) else {
//!             return Err(Notice::new("missing_field", "Expected a string at `type`, found none."));
//!         };
//!         let mut event = Event::new(kind);
//!         event.user_id = account.map(Into::into);
//!         event.idempotency_key = id.map(Into::into);
//!         event.data = body.get("data").map(Into::into);
//!         Ok(Translation::from(Item::Event(event)))
//!     }
//! }
//!
//! inlet_plugin::export!(Billing);
//! ```
//!
//! Compiled for `wasm32-unknown-unknown` and packed by `inlet plugin build`, that is a plugin. Compiled natively it is an
//! ordinary type whose `translate` tests can call.
//!
//! What is here: [`Node`] reads JSON as slices of the body, [`Documents`] tells one JSON text from NDJSON, [`segment`]
//! knows the calls that Segment and its relatives send, [`merged`] makes one object of several, [`jsonrpc`] holds the
//! conversation of platforms that call methods, [`named`] is for platforms that send one event in a request, [`rows`] and
//! [`posted`] know what reverse-ETL tools send, [`log`] writes into the event log of the request.

mod assembled;
pub mod bindings;
#[cfg(all(target_arch = "wasm32", feature = "bump"))]
mod bump;
mod document;
mod export;
pub mod jsonrpc;
mod kind;
pub mod log;
pub mod named;
mod node;
mod pointer;
pub mod posted;
pub mod rows;
pub mod segment;
#[cfg(feature = "testing")]
pub mod testing;
mod values;

pub use assembled::{merged, point};
pub use bindings::source::inlet::source::types::{
    Body, Event, Field, Item, Json, Notice, Outcome, Pointed, Reply, Request, Translation, Value,
};
pub use document::{Documents, Lines, MAX_ITEMS, translate_each};
pub use export::{Answerer, Exported, Plugin};
pub use kind::Kind;
pub use node::{Fields, Items, Node};
