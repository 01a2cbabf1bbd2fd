//! `inlet plugin new`: a project that builds and passes its tests.
//!
//! What it needs of Inlet goes with it, the SDK's source and the contract, from this binary into `vendor/`: it builds
//! without anything of Inlet being published, and goes on building when Inlet has moved on.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use toml::{Table, Value};

use super::language::{COMMON, Language, renamed};

include!(concat!(env!("OUT_DIR"), "/vendored.rs"));

const SDK_MANIFEST: &str = include_str!("../../../../plugins/sdk/Cargo.toml");
const WORKSPACE_MANIFEST: &str = include_str!("../../../../Cargo.toml");

/// What it takes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// publisher/name, or a name alone, which becomes local/NAME. The project is put into ./NAME
    #[arg(value_name = "NAME")]
    name: String,
    /// The language that it is written in
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    lang: Language,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let names = Names::of(&arguments.name)?;
    let directory = PathBuf::from(names.name);
    ensure!(!directory.exists(), "{} is there already; choose another name or remove it", directory.display());
    let language = arguments.lang;
    for (path, text) in COMMON {
        write(&directory, path, &names.fill(text))?;
    }
    for (path, text) in language.files() {
        let text = match language {
            Language::Rust => names.fill(text),
            _ => renamed(text, &names.key, names.name, &names.title()),
        };
        write(&directory, path, &text)?;
    }
    for (path, text) in VENDORED.iter().filter(|(path, _)| language == Language::Rust || path.starts_with("wit/")) {
        write(&directory.join("vendor"), path, text)?;
    }
    if language == Language::Rust {
        write(&directory, "vendor/plugins/sdk/Cargo.toml", &standalone_sdk()?)?;
    }
    let name = names.name;
    println!("{} is in ./{name}. Next:", names.key);
    println!("  cd {name}");
    let (step, purpose) = language.first_step();
    println!("  {step:<29}  # {purpose}");
    println!("  inlet plugin build             # leaves {name}.wasm");
    println!("  inlet plugin test {name}.wasm  # the cases, in the server's sandbox");
    println!("  inlet plugin run {name}.wasm --request cases/v0.1/must/order-created/body.json");
    Ok(())
}

/// What the templates are filled with.
struct Names<'a> {
    key: String,
    name: &'a str,
}

impl<'a> Names<'a> {
    fn of(given: &'a str) -> anyhow::Result<Self> {
        let (publisher, name) = given.split_once('/').unwrap_or(("local", given));
        for part in [publisher, name] {
            let plain = part.split('-').all(|word| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
            if !plain {
                bail!(
                    "{given:?} is no name for a plugin; expected lower-case words joined by dashes, for example acme/orders"
                );
            }
        }
        ensure!(
            name.starts_with(|first: char| first.is_ascii_lowercase()),
            "{name:?} begins with a digit, which a crate's name may not; put a letter first"
        );
        Ok(Self { key: format!("{publisher}/{name}"), name })
    }

    fn title(&self) -> String {
        let words: Vec<String> = self.name.split('-').map(capitalised).collect();
        words.join(" ")
    }

    fn fill(&self, template: &str) -> String {
        let type_name: String = self.name.split('-').map(capitalised).collect();
        template
            .replace("{key}", &self.key)
            .replace("{name}", self.name)
            .replace("{title}", &self.title())
            .replace("{type}", &type_name)
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

fn write(directory: &Path, path: &str, text: &str) -> anyhow::Result<()> {
    let file = directory.join(path);
    let parent = file.parent().unwrap_or(directory);
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(&file, text))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// The SDK's Cargo.toml with what it takes from our workspace written out.
fn standalone_sdk() -> anyhow::Result<String> {
    let workspace: Table = WORKSPACE_MANIFEST.parse().context("the embedded Cargo.toml is not TOML")?;
    let mut sdk: Table = SDK_MANIFEST.parse().context("the embedded Cargo.toml of the SDK is not TOML")?;
    let shared = |section: &str, name: &str| workspace.get("workspace")?.get(section)?.get(name).cloned();
    for section in ["package", "dependencies"] {
        for (name, value) in sdk.get_mut(section).and_then(Value::as_table_mut).into_iter().flatten() {
            if value.get("workspace").is_some() {
                *value = shared(section, name).with_context(|| format!("the workspace has no {section}.{name}"))?;
            }
        }
    }
    for ours in ["lints", "dev-dependencies"] {
        sdk.remove(ours);
    }
    toml::to_string(&sdk).context("cannot write the SDK's Cargo.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_filled_in() {
        let names = Names::of("acme/big-orders").unwrap();
        assert_eq!(names.fill("{key} {name} {title} {type}"), "acme/big-orders big-orders Big Orders BigOrders");
        assert_eq!(Names::of("orders").unwrap().key, "local/orders");
        for bad in ["", "Orders", "a/b/c", "../x", "a--b", "7up", "a/"] {
            assert!(Names::of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_sdk_stands_alone() {
        let sdk = standalone_sdk().unwrap();
        assert!(!sdk.contains("workspace"), "{sdk}");
        assert!(sdk.contains("wit-bindgen"), "{sdk}");
        assert!(VENDORED.iter().any(|(path, _)| *path == "wit/v0.1/types.wit"));
        assert!(VENDORED.iter().any(|(path, _)| *path == "plugins/sdk/src/lib.rs"));
    }
}
