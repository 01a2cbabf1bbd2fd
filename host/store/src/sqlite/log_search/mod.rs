//! Searching event logs by value: a rare value among millions of events is found without reading them.
//!
//! - [`attribute`]: the attributes that are searched, and their hashes.
//! - [`build`]: reads the next logs and makes a segment of them.
//! - [`segments`]: writes segments and removes those whose events are gone.
//! - [`query`]: finds the ids of a page.
//!
//! A segment of 8,192 events holds an entry for each value of each event, sorted by hash. A look-up visits every segment
//! once: 1,221 of them for ten million events. A value that many events of a segment have gets a single entry, and the
//! segment is scanned for it. Segments never change, so the index is written once and in order, and costs about 50 bytes
//! of write-ahead log an event; a tree over all values would write a page for nearly every value.

pub(crate) mod attribute;
pub(crate) mod build;
pub(crate) mod query;
pub(crate) mod segments;
