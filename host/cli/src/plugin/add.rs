//! `inlet plugin add`: adds a version to a running server.
//!
//! The tool downloads the file, not the server. A server that fetched URLs would let callers probe its network.

use std::path::Path;

use anyhow::{Context as _, bail};
use inlet_api_types::providers::SourceProvider;
use inlet_core::nearest::nearest;
use inlet_plugin_archive::PluginArchive;
use inlet_sandbox::{MAX_PLUGIN_BYTES, read_manifest};
use sha2::{Digest as _, Sha256};
use ureq::http::Method;

use super::{embedded_plugins, plugin_file};
use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, download, encoded},
    output::{OutputArguments, print_json, print_text},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    origin: Origin,
    /// The digest that it must have: `sha256:` and 64 hexadecimal digits
    #[arg(long, value_name = "DIGEST")]
    digest: Option<String>,
    /// Put it in the place of a bundled plugin, such as `segment`
    #[arg(long)]
    replace: bool,
    /// Take another signing key for the publisher than the one it is known by; needs a token of the scope `admin`
    #[arg(long)]
    replace_key: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

/// Where the plugin comes from.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Origin {
    /// The plugin: a file, or where it is fetched from
    #[arg(value_name = "FILE|URL")]
    from: Option<String>,
    /// The plugin of this name out of the catalogue that this program brings (inlet plugin catalog)
    #[arg(long, value_name = "NAME")]
    from_catalog: Option<String>,
}

impl Origin {
    /// Returns the component, and its origin for sentences.
    fn component(&self) -> anyhow::Result<(Vec<u8>, &str)> {
        if let Some(name) = &self.from_catalog {
            return Ok((of_catalog(&embedded_plugins::catalog()?, name)?, name));
        }
        let from = self.from.as_deref().unwrap_or_default();
        let wasm = match from.contains("://") {
            true => download(from, MAX_PLUGIN_BYTES)?,
            false => {
                let wasm = plugin_file::read(Path::new(from))?;
                plugin_file::warn_if_outdated(Path::new(from), &wasm);
                wasm
            }
        };
        Ok((wasm, from))
    }
}

/// Returns the component of a plugin of the catalogue. `name` is its key, or the part of it after the slash.
fn of_catalog(archive: &PluginArchive, name: &str) -> anyhow::Result<Vec<u8>> {
    if let Some(plugin) = archive.find(name) {
        return Ok(archive.component(plugin)?);
    }
    let keys = archive.plugins().iter().map(|plugin| plugin.key.as_str());
    let names = keys.clone().filter_map(|key| key.split_once('/')).map(|(_, name)| name);
    let near = nearest(name, names.chain(keys)).map(|near| format!(", did you mean {near:?}?")).unwrap_or_default();
    bail!("there is no plugin {name:?} in the catalogue{near}; `inlet plugin catalog` lists those there are")
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let (wasm, from) = arguments.origin.component()?;
    let manifest = read_manifest(&wasm).with_context(|| from.to_owned())?;
    let digest = format!("sha256:{}", hex::encode(Sha256::digest(&wasm)));
    if let Some(expected) = arguments.digest.as_ref().filter(|expected| !expected.eq_ignore_ascii_case(&digest)) {
        bail!("{from} has the digest {digest}, expected {expected}; it is another file, and was not added");
    }
    let (key, version) = (&manifest.key, &manifest.version);
    let mut path = format!("/v1/source_providers/{}?digest={}", encoded(key), encoded(&digest));
    for (name, given) in [("replace", arguments.replace), ("replace_key", arguments.replace_key)] {
        if given {
            path.push_str(&format!("&{name}=true"));
        }
    }
    let text = client.send_for_text(Method::PUT, &path, Content::Wasm(&wasm))?;
    if arguments.output.json {
        return print_json(&text);
    }
    let provider: SourceProvider = serde_json::from_str(&text).context(OTHER_VERSION)?;
    print_text(&format!("{key} {version} is in the server.\n{digest}"))?;
    let users =
        provider.versions.iter().find(|version| version.digest == digest).map_or(0, |found| found.used_by.len());
    match users {
        0 => print_text(&format!(
            "No source has it yet. A new one: inlet source create NAME@ENVIRONMENT --plugin {key}\n\
             One that exists: inlet plugin use SOURCE@ENVIRONMENT {version}"
        )),
        users => print_text(&format!("{users} source environments have it.")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_plugin_of_the_catalogue_is_found_by_its_name_and_its_key() {
        let archive = embedded_plugins::catalog().unwrap();
        let stripe = of_catalog(&archive, "stripe").unwrap();
        assert_eq!(read_manifest(&stripe).unwrap().key, "inlet/stripe");
        assert_eq!(of_catalog(&archive, "inlet/stripe").unwrap(), stripe);
        let error = |name| of_catalog(&archive, name).unwrap_err().to_string();
        assert_eq!(
            error("strpe"),
            "there is no plugin \"strpe\" in the catalogue, did you mean \"stripe\"?; `inlet plugin catalog` lists those there are"
        );
        let expected = "there is no plugin \"\" in the catalogue; `inlet plugin catalog` lists those there are";
        assert_eq!(error(""), expected);
    }
}
