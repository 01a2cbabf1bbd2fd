//! The origin of a plugin's native code.

/// The origin of a plugin's native code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compilation {
    /// The component was compiled. If there is a cache, the cache holds the code now.
    Compiled,
    /// The code was read from the cache.
    Cached,
    /// The code of another plugin that is loaded is used, whose component differs in its manifest or its rules only.
    Shared,
    /// The component is compiled, or read from the cache, when it is first called.
    WhenCalled,
    /// The component was compiled, and the cache could not store the code: the next load compiles again.
    NotCached {
        /// The cache's error.
        reason: String,
    },
}
