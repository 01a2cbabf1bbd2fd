//! semantics.md, sentence by sentence, without a database and without wasm.
//!
//! A test's name, or its first comment, is the sentence. Sections: §2 `events`, §4 `idempotency`, §5 `mappings`,
//! `recipients` and `identify`, beyond the model `conditions`, `forms` and `hints`, §6 `actions`, `users_delete`, `objects`,
//! `subscriptions`, `audiences`, `cancellations` and `model`, §7 `redaction`, §8 `overflow` and `parked`; the last sentences of §4 `replays`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(missing_docs, reason = "tests")]

mod actions;
mod audiences;
mod cancellations;
mod conditions;
mod events;
mod forms;
mod hints;
mod idempotency;
mod identify;
mod mappings;
mod model;
mod objects;
mod overflow;
mod parked;
mod recipients;
mod redaction;
mod replays;
mod stored;
mod subscriptions;
mod users_delete;
mod verification;
mod verification_of_version_2;
mod world;
