//! A folder of configuration files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use inlet_api_types::configuration::{Configuration, EnvironmentConfiguration, PlannedSecret, SourceConfiguration};
use inlet_core::nearest::nearest;

use super::{
    EnvironmentFile, SecretReference, SourceFile, TargetFile, checked_object::Checks, environment_file::VariableValue,
    references,
};
use crate::{
    configuration::{
        problem::{Place, Places, Problem},
        yaml::{self, Position},
    },
    exit_code::NotFound,
};

/// The folder of commands that name none.
pub const DEFAULT_FOLDER: &str = "inlet";

/// The end of the names of files.
const ENDING: &str = ".yaml";

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Kind {
    Source,
    Target,
    Environment,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Source, Self::Target, Self::Environment];

    /// Returns the folder of its files.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Source => "sources",
            Self::Target => "targets",
            Self::Environment => "environments",
        }
    }

    /// Returns the name of its JSON Schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Target => "target",
            Self::Environment => "environment",
        }
    }
}

/// The files of a folder.
#[derive(Debug, Default)]
pub struct Files {
    pub sources: BTreeMap<String, SourceFile>,
    pub environments: BTreeMap<String, EnvironmentFile>,
    /// By environment and key. An environment is there if it has a folder of targets.
    pub targets: BTreeMap<String, BTreeMap<String, TargetFile>>,
    /// The texts of the files, by their paths in the folder.
    pub texts: BTreeMap<String, String>,
    pub places: Places,
    /// The faults of the files.
    pub problems: Vec<Problem>,
    /// The mappings that refer to what the files do not have.
    pub dangling: Vec<Problem>,
    /// True if there is a folder of sources, so that a source without a file is gone.
    has_sources: bool,
}

impl Files {
    /// Reads a folder. Faults of files are kept as problems.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        if !folder.is_dir() {
            bail!(NotFound(format!("there is no folder {}; `inlet pull` writes one from a server", folder.display())));
        }
        let mut files = Self::default();
        for name in names(folder)? {
            let path = folder.join(&name);
            let known = Kind::ALL.map(Kind::folder);
            if !path.is_dir() || known.contains(&name.as_str()) {
                continue;
            }
            if let Some(near) = nearest(&name, known) {
                files.fault(&name, format!("this folder is not read; the nearest is {near:?}"));
            }
        }
        files.has_sources = folder.join(Kind::Source.folder()).is_dir();
        files.read_kind(folder, Kind::Environment, None)?;
        files.read_kind(folder, Kind::Source, None)?;
        let targets = folder.join(Kind::Target.folder());
        for slug in if targets.is_dir() { names(&targets)? } else { Vec::new() } {
            if targets.join(&slug).is_dir() {
                files.targets.entry(slug.clone()).or_default();
                files.read_kind(folder, Kind::Target, Some(&slug))?;
            } else if slug.ends_with(ENDING) {
                let message =
                    "a target stands in the folder of its environment: targets/ENVIRONMENT/KEY.yaml".to_owned();
                files.fault(&format!("targets/{slug}"), message);
            }
        }
        // References are checked only where everything could be read.
        if files.problems.is_empty() {
            files.dangling = references::check(&files);
        }
        for problems in [&mut files.problems, &mut files.dangling] {
            problems.sort();
            problems.dedup();
        }
        Ok(files)
    }

    /// Returns the faults, and the mappings that refer to what the files do not have.
    pub fn all_problems(&self) -> Vec<Problem> {
        [self.problems.as_slice(), &self.dangling].concat()
    }

    fn fault(&mut self, file: &str, message: String) {
        let place = Place { file: file.to_owned(), position: Position { line: 1, column: 1 } };
        self.problems.push(Problem { place, message });
    }

    fn read_kind(&mut self, folder: &Path, kind: Kind, slug: Option<&str>) -> anyhow::Result<()> {
        let inner = slug.map_or_else(|| kind.folder().to_owned(), |slug| format!("{}/{slug}", kind.folder()));
        if !folder.join(&inner).is_dir() {
            return Ok(());
        }
        for name in names(&folder.join(&inner))? {
            let file = format!("{inner}/{name}");
            let Some(key) = name.strip_suffix(ENDING) else {
                if name.ends_with(".yml") || name.ends_with(".json") {
                    self.fault(&file, "this file is not read; its name must end in .yaml".to_owned());
                }
                continue;
            };
            let path = folder.join(&file);
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            self.read_file(&file, kind, slug, key, &text);
            self.texts.insert(file, text);
        }
        Ok(())
    }

    fn read_file(&mut self, file: &str, kind: Kind, slug: Option<&str>, key: &str, text: &str) {
        let (node, faults) = yaml::read(text);
        let problem = |fault: yaml::Fault| Problem {
            place: Place { file: file.to_owned(), position: fault.position },
            message: fault.message,
        };
        self.problems.extend(faults.into_iter().map(problem));
        let Some(node) = node else { return };
        let mut checks = Checks { file, problems: &mut self.problems };
        match kind {
            Kind::Source => {
                let source = SourceFile::read(key, &node, &mut checks, &mut self.places);
                self.sources.insert(key.to_owned(), source);
            }
            Kind::Environment => {
                let environment = EnvironmentFile::read(key, &node, &mut checks, &mut self.places);
                self.environments.insert(key.to_owned(), environment);
            }
            Kind::Target => {
                let slug = slug.unwrap_or_default();
                let target = TargetFile::read(slug, key, &node, &mut checks, &mut self.places);
                self.targets.entry(slug.to_owned()).or_default().insert(key.to_owned(), target);
            }
        }
    }

    /// Returns the keys of the targets that an environment has by its files; none if it has no files of its own.
    pub fn target_keys(&self, slug: &str) -> Option<BTreeSet<&str>> {
        let targets = self.targets.get(slug);
        (targets.is_some() || self.environments.contains_key(slug))
            .then(|| targets.into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect())
    }

    /// Returns the document of the API that the files stand for, in some environments, or in all if none is named. `lookup`
    /// finds the values of secrets.
    pub fn document(&self, environments: &[String], lookup: &dyn Fn(&str) -> Option<String>) -> Configuration {
        let is_chosen = |slug: &String| environments.is_empty() || environments.contains(slug);
        let slugs: BTreeSet<&String> =
            self.environments.keys().chain(self.targets.keys()).filter(|slug| is_chosen(slug)).collect();
        let environment = |slug: &String| {
            let file = self.environments.get(slug).map(|file| file.document(lookup));
            let targets = self.targets.get(slug).into_iter().flatten();
            let targets = targets.map(|(key, target)| (key.clone(), target.document(lookup)));
            EnvironmentConfiguration { targets: Some(targets.collect()), ..file.unwrap_or_default() }
        };
        let source = |source: &SourceFile| {
            let mut document = source.document(lookup);
            document.environments.retain(|slug, _| is_chosen(slug));
            document
        };
        let sources: BTreeMap<String, SourceConfiguration> =
            self.sources.iter().map(|(key, file)| (key.clone(), source(file))).collect();
        Configuration {
            environments: Some(slugs.into_iter().map(|slug| (slug.clone(), environment(slug))).collect()),
            sources: self.has_sources.then_some(sources),
        }
    }

    /// Returns the reference to a secret of a plan.
    pub fn reference(&self, secret: &PlannedSecret) -> Option<&SecretReference> {
        let PlannedSecret { resource, environment, name, .. } = secret;
        let (kind, key) = resource.split_once('/')?;
        match kind {
            "sources" => self.sources.get(key)?.environments.get(environment)?.secrets.get(name),
            "targets" => self.targets.get(environment)?.get(key)?.secrets.get(name),
            "variables" => match &self.environments.get(environment)?.variables.as_ref()?.get(key)?.value {
                VariableValue::Secret(reference) => reference.as_ref(),
                VariableValue::Public(_) => None,
            },
            _ => None,
        }
    }
}

/// Returns the names in a folder, in their order. Hidden ones are left out.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    };
    let paths = read().with_context(|| format!("cannot read {}", folder.display()))?;
    let name = |path: PathBuf| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let mut names: Vec<String> = paths.into_iter().filter_map(name).filter(|name| !name.starts_with('.')).collect();
    names.sort();
    Ok(names)
}

/// Returns the members that the files of a kind may have.
#[cfg(test)]
pub fn members_of(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Source => &super::source_file::MEMBERS,
        Kind::Target => &super::target_file::MEMBERS,
        Kind::Environment => &super::environment_file::MEMBERS,
    }
}
