//! The index of an archive.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{MAX_BLOCK_BYTES, MAX_ICON_BYTES, MAX_PLUGIN_BYTES, MAX_PLUGINS, blocks::BLOCK_BYTES};

/// The longest key, as the schema of manifests says.
const MAX_KEY_BYTES: usize = 128;

/// The description of a plugin of an archive, from its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedPlugin {
    /// The key, `publisher/name`.
    pub key: String,
    /// The version.
    pub version: String,
    /// `sha256:` and the digest of the component.
    pub digest: String,
    /// The size of the component, in bytes.
    pub size: usize,
    /// The name of the platform.
    pub name: String,
    /// A description of one or two sentences.
    pub description: String,
    /// Categories for grouping in lists.
    pub categories: Vec<String>,
    /// An SVG image, if the plugin has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// The support of what the platform sends, if the plugin says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<Support>,
    /// The positions of the component's blocks, in its order.
    pub(crate) blocks: Vec<usize>,
}

/// The extent to which a plugin supports what its platform sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Support {
    /// `full` or `partly`.
    pub level: String,
    /// The missing parts, each in a sentence.
    #[serde(default)]
    pub missing: Vec<String>,
}

/// The index: all plugins by key, and the length of each block in bytes.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Index {
    pub plugins: Vec<ArchivedPlugin>,
    pub blocks: Vec<usize>,
}

impl Index {
    /// Checks every number and name. The error is the fault, without a subject.
    pub fn check(&self) -> Result<(), String> {
        if self.plugins.len() > MAX_PLUGINS {
            return Err(format!("it has {} plugins, expected at most {MAX_PLUGINS}", self.plugins.len()));
        }
        if self.blocks.iter().any(|length| !(1..=BLOCK_BYTES).contains(length)) {
            return Err(format!("a block has a length outside of 1 to {BLOCK_BYTES} bytes"));
        }
        let total: usize = self.blocks.iter().sum();
        if total > MAX_BLOCK_BYTES {
            return Err(format!("its blocks have {total} bytes, expected at most {MAX_BLOCK_BYTES}"));
        }
        let mut keys = HashSet::new();
        for plugin in &self.plugins {
            let key = &plugin.key;
            if !is_key(key) {
                return Err(format!("found the key {key:?}, expected publisher/name, such as acme/crm"));
            }
            if !keys.insert(key) {
                return Err(format!("it has two plugins with the key {key:?}"));
            }
            self.check_plugin(plugin).map_err(|fault| format!("{key}: {fault}"))?;
        }
        Ok(())
    }

    fn check_plugin(&self, plugin: &ArchivedPlugin) -> Result<(), String> {
        let digits = plugin.digest.strip_prefix("sha256:").unwrap_or_default();
        if digits.len() != 64 || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(format!("found the digest {:?}, expected sha256: and 64 hexadecimal digits", plugin.digest));
        }
        if plugin.icon.as_ref().is_some_and(|icon| icon.len() > MAX_ICON_BYTES) {
            return Err(format!("its icon has more than {MAX_ICON_BYTES} bytes"));
        }
        let mut size = 0;
        for block in &plugin.blocks {
            size += self.blocks.get(*block).ok_or_else(|| format!("it names the block {block}, which is not there"))?;
            if size > MAX_PLUGIN_BYTES {
                return Err(format!("it has more than {MAX_PLUGIN_BYTES} bytes"));
            }
        }
        match size == plugin.size {
            true => Ok(()),
            false => Err(format!("its blocks have {size} bytes, expected {}", plugin.size)),
        }
    }
}

/// Returns true for `publisher/name`. Keys without a publisher are those of bundled plugins.
fn is_key(key: &str) -> bool {
    let is_word = |word: &str| {
        let parts = || word.split('-');
        parts().all(|part| !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9')))
    };
    key.len() <= MAX_KEY_BYTES
        && key.split_once('/').is_some_and(|(publisher, name)| is_word(publisher) && is_word(name))
}
