//! The frozen WASI, for guests whose toolchain imports WASI: JavaScript engines, Rust's std, C libraries.
//!
//! It gives access to nothing. Clocks show the time when the request arrived, random numbers are a fixed stream, there are
//! no environment variables, arguments or directories, stdin is at its end, and output goes to the log of the request. Equal
//! requests therefore give equal translations, and WASI grants nothing that `log` does not grant.
//!
//! Only the functions that a component imports are linked. The few that work are implemented here; every other function of
//! a known interface ends the call when it is called. Most of those belong to files, and a guest without directories has
//! no handle to call them on. A guest without WASI is linked to nothing of this.

mod clocks;
mod handle;
mod interfaces;
mod link;
mod streams;
mod unavailable;

pub(crate) use interfaces::interface;
pub(crate) use link::link;
