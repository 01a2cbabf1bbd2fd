//! Lines for the event log of the request: the only thing that a plugin may say besides its translation.
//!
//! Natively there is no host to call, and the lines go to stderr.

/// Writes a line for authors who look for a fault.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Writes a line that explains what was done.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Writes a line that someone should look at.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Writes a line about something that went wrong.
pub fn error(message: &str) {
    write(Level::Error, message);
}

pub use crate::bindings::source::inlet::source::log::Level;

/// Writes one line.
pub fn write(level: Level, message: &str) {
    #[cfg(target_family = "wasm")]
    crate::bindings::source::inlet::source::log::log(level, message);
    #[cfg(not(target_family = "wasm"))]
    eprintln!("{level:?}: {message}");
}

/// Sends panics to the log: `wasm32-unknown-unknown` has no stderr, and a trap alone says nothing about its cause.
pub(crate) fn report_panics() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
}
