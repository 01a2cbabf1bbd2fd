//! The running server without its management: everything that happens between a webhook's arrival and its answer, and
//! everything that goes on in the background.
//!
//! [`Engine`] holds the parts together. A webhook takes one straight line, in [`ingest`]: receive → verify → translate →
//! plan → commit → answer, within what [`admission`] lets it hold. [`snapshot`] is the configuration in memory, [`catalog`] the plugins;
//! [`Engine::configure`] changes both. [`replay`] carries
//! stored events out again, [`jobs`] run in the background, [`secrets`] keeps the master key.

pub mod admission;
pub mod catalog;
pub mod change_log;
pub mod clock;
mod completion;
mod configuration;
pub mod drain;
mod engine;
pub mod ingest;
pub mod jobs;
mod last_used;
mod load;
pub mod mapping_check;
pub mod metrics;
mod nodes;
mod notices;
mod options;
pub mod quarantine;
pub mod recipients;
pub mod replay;
mod retry_schedule;
pub mod secrets;
pub mod snapshot;
pub mod tally;
#[cfg(test)]
mod test_engine;
mod unrouted;

pub use completion::{Interrupted, to_completion};
pub use configuration::{ChangedPart, ConfigurationChange, ConfigureError, PublisherPinning};
pub use engine::{ANSWERS_KIB, Engine, EngineParts, MAX_STREAMS, MAX_UPLOADS};
pub use load::Load;
pub use notices::{Happening, Notice};
pub use options::EngineOptions;
pub use unrouted::Unrouted;
