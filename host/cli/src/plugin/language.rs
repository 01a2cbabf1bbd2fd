//! The languages that projects can be started in, and what they start with.
//!
//! What is not Rust starts with the very files of `examples/translators`, which the tests build: only the names in them and the
//! place of the contract are others.

/// Path in the project, and text.
type Files = &'static [(&'static str, &'static str)];

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Language {
    Rust,
    #[value(name = "javascript")]
    JavaScript,
    Python,
    C,
}

macro_rules! example {
    ($path:literal) => {
        include_str!(concat!("../../../../examples/translators/", $path))
    };
}

/// What a Rust plugin starts with. `{key}`, `{name}`, `{title}` and `{type}` are filled in.
const RUST: Files = &[
    ("Cargo.toml", include_str!("template/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("template/lib.rs.txt")),
    (".gitignore", "/target\n/*.wasm\n"),
];

const JAVASCRIPT: Files = &[
    ("translator.js", example!("javascript/translator.js")),
    ("build.mjs", example!("javascript/build.mjs")),
    ("package.json", example!("javascript/package.json")),
    (".gitignore", "/build\n/node_modules\n/*.wasm\n"),
];

const PYTHON: Files = &[
    ("translator.py", example!("python/translator.py")),
    ("build.sh", example!("python/build.sh")),
    ("requirements.txt", example!("python/requirements.txt")),
    (".gitignore", "/build\n/.venv\n__pycache__\n/*.wasm\n"),
];

const C: Files = &[
    ("translator.c", example!("c/translator.c")),
    ("json.c", example!("c/json.c")),
    ("json.h", example!("c/json.h")),
    ("build.sh", example!("c/build.sh")),
    (".gitignore", "/build\n/*.wasm\n"),
];

/// What a project of every language has.
pub(super) const COMMON: Files = &[
    ("plugin.toml", include_str!("template/plugin.toml.txt")),
    ("cases/v0.1/must/order-created/body.json", include_str!("template/created.body.json")),
    ("cases/v0.1/must/order-created/expected.json", include_str!("template/created.expected.json")),
    ("cases/v0.1/must/no-type/body.json", include_str!("template/no-type.body.json")),
    ("cases/v0.1/must/no-type/expected.json", include_str!("template/no-type.expected.json")),
];

impl Language {
    /// What it starts with besides.
    pub(super) fn files(self) -> Files {
        match self {
            Language::Rust => RUST,
            Language::JavaScript => JAVASCRIPT,
            Language::Python => PYTHON,
            Language::C => C,
        }
    }

    /// What to do before the first build, and what for.
    pub(super) fn first_step(self) -> (&'static str, &'static str) {
        match self {
            Language::Rust => ("cargo test", "the cases, natively"),
            Language::JavaScript => ("npm install", "componentize-qjs"),
            Language::Python => ("pip install -r requirements.txt", "componentize-py, best in a venv"),
            Language::C => ("clang --version", "with lld and wasi-libc (Debian: apt install clang lld wasi-libc)"),
        }
    }
}

/// The text of an example, for a project of another name. The contract lies in `vendor/` there.
pub(super) fn renamed(text: &str, key: &str, name: &str, title: &str) -> String {
    // One pass for each, through marks that no text has: the new names may hold the old ones.
    [("acme/orders", "\u{1}"), ("orders", "\u{2}"), ("Orders", "\u{3}"), ("../../../wit/v0.1", "vendor/wit/v0.1")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
        .replace('\u{1}', key)
        .replace('\u{2}', name)
        .replace('\u{3}', title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_take_other_names() {
        let renamed = |text| renamed(text, "acme/big-orders", "big-orders", "Big Orders");
        assert_eq!(renamed("acme/orders orders.wasm Orders"), "acme/big-orders big-orders.wasm Big Orders");
        for (path, text) in [JAVASCRIPT, PYTHON, C].concat() {
            assert!(!renamed(text).contains("../wit"), "{path} would look for the contract outside the project");
        }
    }
}
