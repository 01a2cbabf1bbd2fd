//! A change of several resources of the configuration at once.

use super::{EnvironmentSettings, NewChange, NewSource, NewTarget, NewVariable, PluginUse, SourceUpdate};

/// One write of a change that is written as a whole, with its entry for the change log.
#[derive(Debug, Clone)]
pub struct ConfigurationWrite {
    /// The rows.
    pub part: ConfigurationPart,
    /// The entry for the change log.
    pub log: NewChange,
}

/// The rows of one write. They are written in the order in which they are given.
#[derive(Debug, Clone)]
pub enum ConfigurationPart {
    /// Replaces the settings of an environment.
    Environment {
        /// The environment's database id.
        id: i64,
        /// The settings.
        settings: EnvironmentSettings,
    },
    /// Creates a variable, or changes it.
    Variable(NewVariable),
    /// Deletes a variable.
    DeletedVariable {
        /// The environment's database id.
        environment_id: i64,
        /// The variable's name.
        key: String,
    },
    /// Creates a target, or replaces it.
    Target(NewTarget),
    /// Deletes a target.
    DeletedTarget {
        /// The environment's database id.
        environment_id: i64,
        /// The target's key.
        key: String,
    },
    /// Creates a source in every environment.
    NewSource(NewSource),
    /// Gives a source environment another plugin. It counts as one version.
    Plugin(PluginUse),
    /// Changes a source, and its configuration in one environment.
    Source(SourceUpdate),
    /// Deletes a source, by its database id.
    DeletedSource(i64),
}

impl ConfigurationPart {
    /// Returns true if targets are different afterwards.
    pub fn changes_targets(&self) -> bool {
        matches!(self, Self::Target(_) | Self::DeletedTarget { .. })
    }
}
