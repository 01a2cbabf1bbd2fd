//! The files embedded in this binary for new projects: templates, examples, the SDK's source and the contract.
//!
//! A project in another language than Rust starts with the very files of `examples/translators`, which the tests build.

use super::language::Language;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The SDK's `Cargo.toml`, which inherits from the workspace.
pub(super) const SDK_MANIFEST: &str = include_str!("../../../../../../plugins/sdk/Cargo.toml");
/// The workspace's `Cargo.toml`.
pub(super) const WORKSPACE_MANIFEST: &str = include_str!("../../../../../../Cargo.toml");

/// Files of a project: path in the project, and text.
pub(super) type Files = &'static [(&'static str, &'static str)];

macro_rules! example {
    ($path:literal) => {
        include_str!(concat!("../../../../../../examples/translators/", $path))
    };
}

/// The files of projects in every language. `{key}`, `{name}`, `{title}` and `{type}` are placeholders.
pub(super) const COMMON: Files = &[
    ("plugin.toml", include_str!("template/common/plugin.toml.txt")),
    (
        "cases/v0.2/must/order-created/body.json",
        include_str!("template/common/cases/v0.2/must/order-created/body.json"),
    ),
    (
        "cases/v0.2/must/order-created/expected.json",
        include_str!("template/common/cases/v0.2/must/order-created/expected.json"),
    ),
    ("cases/v0.2/must/no-type/body.json", include_str!("template/common/cases/v0.2/must/no-type/body.json")),
    ("cases/v0.2/must/no-type/expected.json", include_str!("template/common/cases/v0.2/must/no-type/expected.json")),
];

/// The files of Rust projects, with the same placeholders.
const RUST: Files = &[
    ("Cargo.toml", include_str!("template/rust/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("template/rust/src/lib.rs.txt")),
    (".gitignore", "/target\n/*.wasm\n"),
];

/// The files of projects without code, with the same placeholders. They replace the plugin.toml of [`COMMON`].
pub(super) const DECLARATIVE: Files =
    &[("plugin.toml", include_str!("template/declarative/plugin.toml.txt")), (".gitignore", "/*.wasm\n")];

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

/// Returns the files of a language's projects beside the [`COMMON`] ones.
pub(super) fn files(language: Language) -> Files {
    match language {
        Language::Rust => RUST,
        Language::JavaScript => JAVASCRIPT,
        Language::Python => PYTHON,
        Language::C => C,
    }
}
