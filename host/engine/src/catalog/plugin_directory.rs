//! The plugins of `--plugins-dir`, also those that it held before. Reading the directory again makes another value.
//!
//! A file that is replaced by one that does not load keeps its earlier plugin, and a removed file keeps it for the sources
//! that use it, both until a restart: no change of the directory takes a plugin from under a source.

use std::{
    collections::{BTreeSet, HashSet},
    io,
    path::Path,
};

use cap_std::{ambient_authority, fs::Dir};
use inlet_sandbox::{FileError, LoadedFile, Plugin, Sandbox, load_directory};

/// The plugins of the directory.
#[derive(Clone, Default)]
pub struct PluginDirectory {
    /// The plugins in the order of their files' names. Those that are gone come first.
    held: Vec<DirectoryPlugin>,
    problems: Vec<Problem>,
}

/// A plugin that a file holds or held.
#[derive(Clone)]
struct DirectoryPlugin {
    file: String,
    plugin: Plugin,
    is_there: bool,
}

/// A problem with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's name. Empty for the directory itself.
    pub file: String,
    /// The problem, a sentence.
    pub message: String,
}

impl PluginDirectory {
    /// Reads the directory. Compiles the plugins that `before` does not hold, and so blocks for a while.
    pub fn read(sandbox: &Sandbox, directory: &Path, before: &PluginDirectory) -> io::Result<PluginDirectory> {
        let opened = Dir::open_ambient_dir(directory, ambient_authority())?;
        let known = |digest: &str| before.held(digest).map(|held| held.plugin.clone());
        let mut now = PluginDirectory::default();
        for LoadedFile { name, result } in load_directory(sandbox, &opened, known)? {
            match result {
                Ok(plugin) => now.hold(name, plugin),
                Err(error) => now.note_failure(name, &error, before),
            }
        }
        let gone = before.held.iter().filter(|held| now.held(held.plugin.digest()).is_none());
        let gone: Vec<DirectoryPlugin> = gone.map(|held| DirectoryPlugin { is_there: false, ..held.clone() }).collect();
        now.held.splice(0..0, gone);
        now.problems.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(now)
    }

    fn hold(&mut self, file: String, plugin: Plugin) {
        let key = &plugin.manifest().key;
        if let Some(earlier) = self.held.iter().rfind(|held| held.plugin.manifest().key == *key) {
            let message = format!(
                "{:?} holds {key}, and so does {file:?}, which is used because its name comes later; keep one of them",
                earlier.file
            );
            self.problems.push(Problem { file: earlier.file.clone(), message });
        }
        self.held.push(DirectoryPlugin { file, plugin, is_there: true });
    }

    fn note_failure(&mut self, file: String, error: &FileError, before: &PluginDirectory) {
        let mut message = error.to_string();
        if let Some(held) = before.held.iter().find(|held| held.file == file && held.is_there) {
            let version = &held.plugin.manifest().version;
            message.push_str(&format!("; the version {version} that it held goes on until a restart"));
            self.held.push(held.clone());
        }
        self.problems.push(Problem { file, message });
    }

    /// Returns the same plugins with the problem that the directory cannot be read.
    pub fn unreadable(&self, message: String) -> PluginDirectory {
        PluginDirectory { held: self.held.clone(), problems: vec![Problem { file: String::new(), message }] }
    }

    /// Removes the plugins that are gone and whose digests no source uses.
    pub fn without_unused(mut self, used: &HashSet<String>) -> PluginDirectory {
        self.held.retain(|held| held.is_there || used.contains(held.plugin.digest()));
        self
    }

    /// Returns the plugin of that key. Of two files, the one whose name comes later.
    pub fn get(&self, key: &str) -> Option<&Plugin> {
        self.there().rfind(|plugin| plugin.manifest().key == key)
    }

    /// Returns the plugins in the directory.
    pub fn there(&self) -> impl DoubleEndedIterator<Item = &Plugin> {
        self.held.iter().filter(|held| held.is_there).map(|held| &held.plugin)
    }

    /// Returns the plugins that are in the directory or were.
    pub fn ever(&self) -> impl Iterator<Item = &Plugin> {
        self.held.iter().map(|held| &held.plugin)
    }

    /// Returns the name of the file that held that plugin, if it is gone.
    pub fn gone_file(&self, digest: &str) -> Option<&str> {
        self.held(digest).filter(|held| !held.is_there).map(|held| held.file.as_str())
    }

    /// Returns the problems.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns the keys whose plugins differ.
    pub fn changed_keys(&self, before: &PluginDirectory) -> Vec<String> {
        let of = |directory: &PluginDirectory| -> BTreeSet<(String, String, bool)> {
            let described = |held: &DirectoryPlugin| {
                (held.plugin.manifest().key.clone(), held.plugin.digest().to_owned(), held.is_there)
            };
            directory.held.iter().map(described).collect()
        };
        let (one, other) = (of(before), of(self));
        let keys: BTreeSet<String> = one.symmetric_difference(&other).map(|(key, ..)| key.clone()).collect();
        keys.into_iter().collect()
    }

    fn held(&self, digest: &str) -> Option<&DirectoryPlugin> {
        self.held.iter().rfind(|held| held.plugin.digest() == digest)
    }
}
