//! `inlet plugin add`: adds a version to a running server.
//!
//! The tool downloads the file, not the server. A server that fetched URLs would let callers probe its network.

use std::path::Path;

use anyhow::{Context as _, bail};
use inlet_api_types::providers::SourceProvider;
use inlet_sandbox::{MAX_PLUGIN_BYTES, read_manifest};
use sha2::{Digest as _, Sha256};
use ureq::http::Method;

use super::plugin_file;
use crate::{
    client::{Content, OTHER_VERSION, ServerArguments, download, encoded},
    output::{OutputArguments, print_json, print_text},
};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin: a file, or where it is fetched from
    #[arg(value_name = "FILE|URL")]
    from: String,
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

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let from = &arguments.from;
    let client = arguments.server.client()?;
    let wasm = match from.contains("://") {
        true => download(from, MAX_PLUGIN_BYTES)?,
        false => plugin_file::read(Path::new(from))?,
    };
    let manifest = read_manifest(&wasm).with_context(|| from.clone())?;
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
        0 => print_text(&format!("No source has it yet: inlet plugin use SOURCE@ENVIRONMENT {version}")),
        users => print_text(&format!("{users} source environments have it.")),
    }
}
