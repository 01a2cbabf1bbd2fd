//! The rules of plugins without code.
//!
//! ```text
//! plugin.toml [rules] ── read ──▶ Rules ── compile ──▶ bytes ── custom section ──▶ plugin
//!                                                        └── Program::decode ──▶ interpreted for each request
//! ```
//!
//! [`Rules`] is generic over how a value is named. In the text it is a [`Source`], such as `/user/id`; in a [`Program`]
//! it is a [`Slot`], the number of a value that one pass over the body finds together with all others.

mod codec;
#[cfg(feature = "text")]
mod compile;
#[cfg(feature = "text")]
mod contradictions;
pub mod limits;
mod program;
#[cfg(feature = "text")]
mod read;
mod rules;
pub mod section;
#[cfg(feature = "text")]
mod source;
#[cfg(feature = "text")]
mod write;

#[cfg(feature = "text")]
pub use compile::{TooMuch, compile, decompile};
pub use program::{Name, Program, Scope, Slot, Step};
#[cfg(feature = "text")]
pub use read::read;
pub use rules::{Condition, Data, HINTS, Override, Part, Read, Rules, Scalar, Test, Text, Values, Verdict};
#[cfg(feature = "text")]
pub use source::Source;
#[cfg(feature = "text")]
pub use write::write;

#[cfg(test)]
mod tests;

/// Rules as their author wrote them.
#[cfg(feature = "text")]
pub type WrittenRules = Rules<Source, String>;
