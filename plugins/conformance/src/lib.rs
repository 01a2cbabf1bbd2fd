//! Checks a plugin against cases, which are plain data, and against laws that hold for every plugin.
//!
//! A case is a folder: `request.json` and a file `body` with any extension are the input, `expected.json` is the
//! expected translation. Cases run in the real sandbox, on the `.wasm` file that is shipped. No case is written in
//! Rust, so that authors in any language can write them for `inlet plugin test`.
//!
//! [`suite`] checks all cases and laws.

mod case;
mod case_run;
mod describe;
mod diff;
pub mod laws;
pub mod suite;

pub use case::{Case, CaseError};
pub use case_run::{CaseFailure, CaseReport, run_cases};
pub use describe::described;
