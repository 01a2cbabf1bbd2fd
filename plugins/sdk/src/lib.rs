//! The SDK for plugin authors: a trait, an export macro, and readers for the formats of platforms.
//!
//! A plugin translates a platform's request into events. It *points* at values with JSON Pointers and never copies them:
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
//! Compiled for `wasm32-unknown-unknown` and packed by `inlet plugin build`, this is a complete plugin. Compiled natively it
//! is an ordinary type, and tests can call its `translate`.
//!
//! - [`Node`] reads JSON values as slices of the body, [`Documents`] a body that is JSON or NDJSON.
//! - [`merged`] assembles one object from several.
//! - [`segment`] reads calls of Segment and its relatives, [`envelope`] the batches of their SDKs.
//! - [`named`] is for platforms that send one named event per request.
//! - [`jsonrpc`] is for platforms that call methods; [`rows`] and [`posted`] read the rows of reverse-ETL tools.
//! - [`Reply`] is an answer of the plugin's own, with its status and headers.
//! - [`log`] writes into the event log of the request.

mod assembled;
pub mod bindings;
#[cfg(all(target_arch = "wasm32", feature = "bump"))]
mod bump;
mod document;
pub mod envelope;
mod export;
mod foreign_format;
mod hint;
pub mod jsonrpc;
mod kind;
pub mod log;
pub mod named;
mod node;
mod pointer;
pub mod posted;
pub mod reply;
pub mod rows;
pub mod segment;
#[cfg(feature = "testing")]
pub mod testing;
mod values;

pub use assembled::{merged, point};
pub use bindings::source::inlet::source::types::{
    Body, Event, Field, Item, Json, Notice, Outcome, Pointed, Reply, Request, Translation, Value,
};
pub use document::{Documents, Lines, MAX_ITEMS, empty_batch, too_many_items, translate_array, translate_each};
pub use export::{Answerer, Exported, Plugin};
pub use hint::Hint;
pub use kind::Kind;
pub use node::{Fields, Items, MemberName, Node};
