//! `inlet plugin inspect`: prints a plugin's manifest.

use std::path::PathBuf;

use anyhow::Context as _;
use inlet_core::verification::Template;
use inlet_sandbox::Plugin;

use super::plugin_file;
use crate::output::{print_json, print_text};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The plugin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the manifest as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let plugin = plugin_file::load(&arguments.file)?;
    if arguments.json {
        let manifest = serde_json::to_string_pretty(plugin.manifest()).context("cannot write the manifest")?;
        return print_json(&manifest);
    }
    print_text(&table(&plugin))
}

fn table(plugin: &Plugin) -> String {
    let manifest = plugin.manifest();
    let listed = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let examples: Vec<String> = manifest.examples.iter().map(|example| example.event_type.clone()).collect();
    let rows = [
        ("key", manifest.key.clone()),
        ("version", manifest.version.clone()),
        ("contract", manifest.contract.clone()),
        ("digest", plugin.digest().to_owned()),
        ("signed by", plugin.publisher_key().map_or_else(|| "nobody".to_owned(), |key| key.fingerprint())),
        ("manifest", format!("version {}", manifest.manifest)),
        ("not known here", listed(&manifest.unknown_members)),
        ("platform", manifest.name.clone()),
        ("author", manifest.author.as_ref().map_or_else(|| "not said".to_owned(), |author| author.name.clone())),
        ("licence", manifest.license.clone().unwrap_or_else(|| "not said".to_owned())),
        ("categories", listed(&manifest.categories)),
        ("setup steps", manifest.setup.len().to_string()),
        ("description", manifest.description.clone()),
        ("methods", listed(&manifest.methods)),
        ("headers it reads", listed(&manifest.headers)),
        ("query it reads", listed(&manifest.query)),
        ("largest body", format!("{} bytes", manifest.max_body_bytes)),
        ("verification", verification(manifest.verification.as_ref())),
        ("handshakes", manifest.handshake.len().to_string()),
        ("writes answers", if plugin.answers() { "yes" } else { "no" }.to_owned()),
        ("blanked", listed(&manifest.redact_paths)),
        ("examples", listed(&examples)),
    ];
    rows.iter().map(|(name, value)| format!("{name:<18}{value}\n")).collect()
}

fn verification(template: Option<&Template>) -> String {
    match template {
        None => "none".to_owned(),
        Some(Template::SharedSecret(secret)) => format!("a shared secret in {}", secret.header),
        Some(Template::Signature(signature)) => {
            let signed: Vec<String> = signature.signed.iter().map(|signed| signed.as_str().to_owned()).collect();
            let uncovered = signature.uncovered.as_deref().unwrap_or("nothing is said");
            let place = match (&signature.header, &signature.query, &signature.body) {
                (Some(header), ..) => header.clone(),
                (None, Some(parameter), _) => format!("the query parameter {parameter}"),
                (None, None, pointer) => format!("the body at {}", pointer.as_deref().unwrap_or_default()),
            };
            format!("a signature in {place} of {}; not proven: {uncovered}", signed.join(" or "))
        }
        Some(Template::Jwt(token)) => {
            let place = token.header.as_deref().or(token.query.as_deref()).unwrap_or_default();
            let uncovered = token.uncovered.as_deref().unwrap_or("nothing is said");
            format!("a JSON Web Token in {place}; not proven: {uncovered}")
        }
        Some(Template::AnyOf(scheme)) => {
            let alternatives: Vec<String> = scheme.any_of.iter().map(|one| verification(Some(one))).collect();
            alternatives.join("; or ")
        }
    }
}
