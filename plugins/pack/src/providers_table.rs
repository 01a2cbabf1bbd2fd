//! The table of providers in the guide (`plugins/PROVIDERS.md`), written from their manifests.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use serde_json::Value;

use crate::manifest_from_toml;

/// Platforms that were looked at and that no plugin is for, each with the reason.
const NOT_SUPPORTED: [(&str, &str, &str); 2] = [
    (
        "Figma",
        "https://developers.figma.com/docs/rest-api/webhooks/",
        "Its secret is a member of the body, which would have to be compared and taken out before anything is stored.",
    ),
    (
        "Notion",
        "https://developers.notion.com/reference/webhooks",
        "Its first request brings the key that signs all later ones, and nobody but the operator may see it.",
    ),
];

/// Returns the manifests of the bundled plugins and of those in `plugins/platforms`, by their names.
fn manifests(plugins: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for directory in [plugins.to_owned(), plugins.join("platforms")] {
        for entry in fs::read_dir(directory).unwrap() {
            let Ok(toml) = fs::read_to_string(entry.unwrap().path().join("plugin.toml")) else { continue };
            let manifest: Value = serde_json::from_str(&manifest_from_toml(&toml).unwrap().json).unwrap();
            found.insert(manifest["name"].as_str().unwrap().to_owned(), manifest);
        }
    }
    found
}

fn table(manifests: &BTreeMap<String, Value>) -> String {
    let mut text = String::from(
        "# Providers\n\nThe platforms that Inlet has plugins for, written by a test from their manifests (`UPDATE_PROVIDERS=1`). The first six\ncome \
         with the server; the others are in its catalogue (`inlet plugin add --from-catalog NAME`). *Rules* are plugins without code.\n\n\
         | Platform | Plugin | Made of | Verification | Support | What is missing |\n|---|---|---|---|---|---|\n",
    );
    let is_bundled = |manifest: &Value| !manifest["key"].as_str().unwrap().contains('/');
    let bundled = manifests.iter().filter(|(_, manifest)| is_bundled(manifest));
    for (name, manifest) in bundled.chain(manifests.iter().filter(|(_, manifest)| !is_bundled(manifest))) {
        let made_of = if manifest.get("rules").is_some() { "rules" } else { "Rust" };
        let missing: Vec<&str> =
            manifest["support"]["missing"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let level = manifest["support"]["level"].as_str().unwrap_or_else(|| panic!("{name} does not say its support"));
        let (docs, key) = (manifest["links"]["docs"].as_str().unwrap(), manifest["key"].as_str().unwrap());
        let (verification, missing) = (verification(manifest), missing.join(" "));
        writeln!(text, "| [{name}]({docs}) | `{key}` | {made_of} | {verification} | {level} | {missing} |").unwrap();
    }
    for (name, docs, reason) in NOT_SUPPORTED {
        writeln!(text, "| [{name}]({docs}) | | | | not | {reason} |").unwrap();
    }
    text
}

fn verification(manifest: &Value) -> String {
    let one = |scheme: &Value| match scheme["scheme"].as_str().unwrap_or_default() {
        "signature" => scheme["algorithm"].as_str().unwrap_or_default().replace('_', "-").to_uppercase(),
        "jwt" => "JWT".to_owned(),
        "shared_secret" => "secret in a header".to_owned(),
        "bearer" => "bearer token".to_owned(),
        "basic" => "basic".to_owned(),
        other => other.to_owned(),
    };
    match manifest.get("verification") {
        None => "none".to_owned(),
        Some(scheme) => match scheme["any_of"].as_array() {
            Some(schemes) => schemes.iter().map(one).collect::<Vec<_>>().join(" or "),
            None => one(scheme),
        },
    }
}

#[test]
fn the_table_of_providers_says_what_their_manifests_say() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifests = manifests(&plugins);
    let expected = table(&manifests);
    let file = plugins.join("PROVIDERS.md");
    if std::env::var_os("UPDATE_PROVIDERS").is_some() {
        fs::write(&file, &expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "plugins/PROVIDERS.md is not what the manifests say; write it with UPDATE_PROVIDERS=1 cargo test -p inlet-pack"
    );
}

/// Operators and the catalogue rely on these members.
#[test]
fn every_provider_says_how_it_is_set_up_and_shows_what_it_sends() {
    for (name, manifest) in manifests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")) {
        let count = |member: &str| manifest[member].as_array().map_or(0, Vec::len);
        assert!(count("setup") >= 2 || name == "HTTP", "{name} has {} setup steps", count("setup"));
        assert!(count("examples") >= 2, "{name} has {} examples", count("examples"));
        assert!(manifest["links"]["docs"].as_str().unwrap().starts_with("https://"), "{name}");
    }
}
