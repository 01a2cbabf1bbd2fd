//! Log lines for the event log of the request. They are a plugin's only output besides its translation.
//!
//! On native targets the lines go to stderr.

/// Writes a line that helps authors to debug.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Writes a line that explains a decision.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Writes a line that an operator should look at.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Writes a line about an error.
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

/// Installs a panic hook that writes to the log. `wasm32-unknown-unknown` has no stderr, and a trap alone does not tell
/// its cause.
pub(crate) fn report_panics() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|panic| error(&panic.to_string())));
}
