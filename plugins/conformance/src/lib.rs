//! Proves what a plugin does, from cases that are plain data.
//!
//! A case is a folder: `request.json` and a file `body` of any extension say what comes in, `expected.json` what the
//! plugin must make of it. They run in the real sandbox, on the `.wasm` that is shipped; no case is in Rust, so that an
//! author in any language can write them and `inlet plugin test` can run them.
//!
//! Besides the cases there are laws, what holds for every plugin and every body: [`suite`] checks all of both.

mod case;
mod describe;
mod diff;
pub mod laws;
mod run;
pub mod suite;

pub use case::{Case, CaseError};
pub use describe::described;
pub use run::{Failure, Report, run};
