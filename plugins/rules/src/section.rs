//! The custom section of a plugin without code that holds its rules.
//!
//! Every plugin without code is the same component, followed by this section and its manifest. The component asks the host for
//! the bytes of the section, so its code is the same for all, and the host compiles it once.

/// The name of the section.
pub const SECTION: &str = "inlet:rules";
/// The most bytes that rules may have. The host copies them into the sandbox of each call, and refuses more.
pub const CAPACITY: usize = 32 * 1024;
/// The interface that the component imports to ask for its rules.
pub const INTERFACE: &str = "inlet:declarative/rules@0.1.0";
