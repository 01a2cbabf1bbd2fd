//! The languages that plugins can be written in.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Language {
    Rust,
    #[value(name = "javascript")]
    JavaScript,
    Python,
    C,
}

impl Language {
    /// Returns the command to run before the first build, and a comment on it.
    pub(super) fn first_step(self) -> (&'static str, &'static str) {
        match self {
            Language::Rust => ("cargo test", "the cases, natively"),
            Language::JavaScript => ("npm install", "componentize-qjs"),
            Language::Python => ("pip install -r requirements.txt", "componentize-py, best in a venv"),
            Language::C => ("clang --version", "with lld and wasi-libc (Debian: apt install clang lld wasi-libc)"),
        }
    }
}
