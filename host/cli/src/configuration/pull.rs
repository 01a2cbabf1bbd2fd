//! `inlet pull`: writes the configuration of a server into files.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use inlet_api_types::configuration::{Configuration, EnvironmentConfiguration, SourceConfiguration};
use inlet_core::json;

use super::{
    files::{EnvironmentFile, Files, Kind, SourceFile, TargetFile},
    folder_arguments::FolderArguments,
    schema,
    send::{self, Sending},
    yaml,
};
use crate::{
    client::{Client, ServerArguments},
    exit_code::NotFound,
    output::{OutputArguments, note, print, print_json, progress_bar, text::clean},
};

/// The begin of the line that names the schema of a file to editors.
const SCHEMA_LINE: &str = "# yaml-language-server: $schema=";

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    folder: FolderArguments,
    /// Remove the files of what the server does not have
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

/// A file that the server's configuration asks for.
struct Wanted {
    kind: Kind,
    /// The path in the folder.
    path: String,
    /// The file, as JSON.
    json: String,
    /// The server's part of the document, and that of the present file.
    server: Configuration,
    present: Option<Configuration>,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    let mut server = send::get(&client, None)?;
    let chosen = &arguments.folder.environment;
    if !chosen.is_empty() {
        keep_environments(&mut server, chosen)?;
    }
    let folder = &arguments.folder.folder;
    let files = if folder.is_dir() { Files::read(folder)? } else { Files::default() };
    // A file that cannot be read may hold work that would be lost.
    if !files.problems.is_empty() {
        let faults = arguments.folder.describe(&files.problems).join("\n");
        bail!("{faults}\ncorrect or remove these files first; nothing was written");
    }
    let wanted = wanted_files(&server, &files);
    let mut written = Vec::new();
    for (name, text) in schema::files()? {
        write_if_different(&folder.join(&name), &text)?;
    }
    let bar = progress_bar(Some(wanted.len() as u64), "files");
    for wanted in &wanted {
        bar.inc(1);
        if wanted.means_the_same(&client) {
            continue;
        }
        let present = files.texts.get(&wanted.path);
        let text = format!("{}{}", header(wanted.kind, present.map(String::as_str)), yaml::write(&wanted.json));
        if write_if_different(&folder.join(&wanted.path), &text)? {
            written.push((wanted.path.clone(), if present.is_some() { "changed" } else { "new" }));
        }
    }
    bar.finish_and_clear();
    let paths: Vec<&String> = wanted.iter().map(|wanted| &wanted.path).collect();
    let gone = files.texts.keys().filter(|path| !paths.contains(path) && concerns(path, chosen));
    for path in gone {
        if arguments.prune {
            fs::remove_file(folder.join(path)).with_context(|| format!("cannot remove {path}"))?;
            written.push((path.clone(), "removed"));
        } else {
            note(&format!("{path}: the server has no such thing; the file stays (--prune removes it)"));
        }
    }
    if arguments.output.json {
        let files: Vec<_> =
            written.iter().map(|(path, what)| serde_json::json!({"file": path, "change": what})).collect();
        return print_json(&serde_json::Value::Array(files).to_string());
    }
    for (path, what) in &written {
        print(&clean(&format!("{what} {}/{path}", folder.display())))?;
    }
    if written.is_empty() {
        note("no changes: the files are as the server is");
    }
    Ok(())
}

/// Leaves only some environments in a document.
fn keep_environments(server: &mut Configuration, chosen: &[String]) -> anyhow::Result<()> {
    let environments = server.environments.get_or_insert_default();
    if let Some(unknown) = chosen.iter().find(|slug| !environments.contains_key(*slug)) {
        let known: Vec<&str> = environments.keys().map(String::as_str).collect();
        bail!(NotFound(format!("there is no environment {unknown:?}; the token sees {}", known.join(", "))));
    }
    environments.retain(|slug, _| chosen.contains(slug));
    for source in server.sources.iter_mut().flat_map(BTreeMap::values_mut) {
        source.environments.retain(|slug, _| chosen.contains(slug));
    }
    Ok(())
}

/// Returns true if the file is about one of the chosen environments, or about all.
fn concerns(path: &str, chosen: &[String]) -> bool {
    let mut parts = path.split('/');
    let (kind, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let name = name.strip_suffix(".yaml").unwrap_or(name);
    chosen.is_empty() || kind == Kind::Source.folder() || chosen.iter().any(|slug| slug == name)
}

fn wanted_files(server: &Configuration, files: &Files) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    let none = |_: &str| None;
    let of_environment = |slug: &str, part: EnvironmentConfiguration| Configuration {
        environments: Some(BTreeMap::from([(slug.to_owned(), part)])),
        sources: None,
    };
    for (slug, found) in server.environments.iter().flatten() {
        let own = EnvironmentConfiguration { targets: None, ..found.clone() };
        let present = files.environments.get(slug);
        wanted.push(Wanted {
            kind: Kind::Environment,
            path: format!("environments/{slug}.yaml"),
            json: EnvironmentFile::of_server(slug, found, present).to_json(),
            server: of_environment(slug, own),
            present: present.map(|present| of_environment(slug, present.document(&none))),
        });
        for (key, target) in found.targets.iter().flatten() {
            let part = |target| {
                let targets = Some(BTreeMap::from([(key.clone(), target)]));
                of_environment(slug, EnvironmentConfiguration { targets, ..EnvironmentConfiguration::default() })
            };
            let present = files.targets.get(slug).and_then(|targets| targets.get(key));
            wanted.push(Wanted {
                kind: Kind::Target,
                path: format!("targets/{slug}/{key}.yaml"),
                json: TargetFile::of_server(slug, key, target, present).to_json(),
                server: part(target.clone()),
                present: present.map(|present| part(present.document(&none))),
            });
        }
    }
    for (key, source) in server.sources.iter().flatten() {
        let part = |source: SourceConfiguration| Configuration {
            environments: None,
            sources: Some(BTreeMap::from([(key.clone(), source)])),
        };
        let present = files.sources.get(key);
        // Environments that are not pulled stay in the file.
        let present_part = present.map(|present| {
            let mut document = present.document(&none);
            document.environments.retain(|slug, _| source.environments.contains_key(slug));
            part(document)
        });
        wanted.push(Wanted {
            kind: Kind::Source,
            path: format!("sources/{key}.yaml"),
            json: SourceFile::of_server(key, source, present).to_json(),
            server: part(source.clone()),
            present: present_part,
        });
    }
    wanted
}

impl Wanted {
    /// Returns true if the present file means what the server has: it stays to the letter, with its comments.
    fn means_the_same(&self, client: &Client) -> bool {
        let Some(present) = &self.present else { return false };
        if is_same(present, &self.server) {
            return true;
        }
        if self.kind == Kind::Source && !names_the_same_environments(present, &self.server) {
            return false;
        }
        // The server knows best: a default that is written out, or digits of a setting, are no difference.
        let sending = Sending { dry_run: true, ..Sending::default() };
        send::put(client, present, sending).is_ok_and(|planned| planned.plan.changes.is_empty())
            && is_whole(present, &self.server)
    }
}

/// Returns true if two documents say the same, without regard to secrets.
fn is_same(a: &Configuration, b: &Configuration) -> bool {
    let text = |document: &Configuration| {
        let mut document = document.clone();
        let sources = document.sources.iter_mut().flat_map(BTreeMap::values_mut);
        sources.flat_map(|source| source.environments.values_mut()).for_each(|found| found.secrets.clear());
        let environments = document.environments.iter_mut().flat_map(BTreeMap::values_mut);
        let targets = environments.flat_map(|found| found.targets.iter_mut().flat_map(BTreeMap::values_mut));
        targets.for_each(|target| target.secrets.clear());
        json::canonical(&serde_json::to_string(&document).unwrap_or_default())
    };
    text(a) == text(b)
}

/// Returns true if a file names the environments that the server has.
fn names_the_same_environments(present: &Configuration, server: &Configuration) -> bool {
    let slugs = |document: &Configuration| -> Vec<String> {
        let sources = document.sources.iter().flat_map(BTreeMap::values);
        sources.flat_map(|source| source.environments.keys().cloned()).collect()
    };
    slugs(present) == slugs(server)
}

/// Returns true if a file says something about everything that the server has, so that nothing is left out of the files.
fn is_whole(present: &Configuration, server: &Configuration) -> bool {
    let variables = |document: &Configuration| -> Vec<String> {
        let environments = document.environments.iter().flat_map(BTreeMap::values);
        environments.flat_map(|found| found.variables.iter().flatten().map(|(key, _)| key.clone())).collect()
    };
    let sources = present.sources.iter().flat_map(BTreeMap::values);
    let mut of_sources = sources.flat_map(|source| source.environments.values());
    variables(present) == variables(server)
        && of_sources.all(|found| found.plugin.is_some() && found.settings.is_some() && found.mappings.is_some())
}

/// Returns the comments at the head of a file: those of the present one, and the schema for editors.
fn header(kind: Kind, present: Option<&str>) -> String {
    let up = if kind == Kind::Target { "../../" } else { "../" };
    let mut header = format!("{SCHEMA_LINE}{up}{}\n", schema::path(kind));
    let head = present.unwrap_or_default().lines().take_while(|line| line.starts_with('#') || line.trim().is_empty());
    let comments: Vec<&str> = head.filter(|line| !line.starts_with(SCHEMA_LINE)).collect();
    let comments = comments.join("\n");
    let comments = comments.trim_matches('\n');
    if !comments.is_empty() {
        header.push_str(&format!("{comments}\n"));
    }
    header
}

/// Writes a file as a whole, if it is not there or different. Returns true if it was written.
fn write_if_different(path: &Path, text: &str) -> anyhow::Result<bool> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(false);
    }
    let write = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut new = PathBuf::from(path);
        new.set_extension("yaml.new");
        fs::write(&new, text)?;
        fs::rename(&new, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    Ok(true)
}
