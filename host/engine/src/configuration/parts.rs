//! Changing several resources at once.

use std::sync::Arc;

use inlet_store::{
    ConfigurationPart, ConfigurationWrite, Environment, EnvironmentSettings, NewSource, NewTarget, NewVariable,
    PluginUse, SourceRecord, SourceUpdate, TargetRecord, VariableRecord,
};

use super::{ConfigurationChange, ConfigureError};
use crate::{
    change_log,
    snapshot::{Endpoint, reload::Reload},
};

/// A change of one resource, among several that are made together. It names the resource as it is before.
pub enum ChangedPart {
    /// The settings of an environment.
    Environment(Environment, EnvironmentSettings),
    /// A variable, with the present one.
    Variable(Environment, Option<VariableRecord>, NewVariable),
    /// The deletion of a variable.
    DeletedVariable(Environment, VariableRecord),
    /// A target, with the present one.
    Target(Environment, Option<TargetRecord>, NewTarget),
    /// The deletion of a target.
    DeletedTarget(Environment, TargetRecord),
    /// A new source.
    NewSource(NewSource),
    /// Another plugin of a source environment, as it is stored, with the verification scheme of before.
    Plugin(Arc<Endpoint>, Option<String>),
    /// A source, and its configuration in one environment. The expected version counts a change of the plugin.
    Source(SourceRecord, Arc<Endpoint>, SourceUpdate),
    /// The deletion of a source.
    DeletedSource(SourceRecord),
}

impl ConfigurationChange {
    /// Makes several changes in their order: all of them, each with its entry in the change log, or none.
    pub async fn change_parts(&self, parts: Vec<ChangedPart>) -> Result<(), ConfigureError> {
        // Retention prunes the logs of deleted sources, cancels the deliveries of deleted targets, and follows days.
        let wakes_retention = parts.iter().any(|part| {
            matches!(
                part,
                ChangedPart::Environment(..) | ChangedPart::DeletedTarget(..) | ChangedPart::DeletedSource(_)
            )
        });
        let writes = parts.into_iter().map(|part| self.write(part)).collect();
        self.engine().store.configuration_write(writes).await?;
        self.reload(Reload::ChangedRecords).await?;
        if wakes_retention {
            self.engine().wake_retention();
        }
        Ok(())
    }

    fn write(&self, part: ChangedPart) -> ConfigurationWrite {
        let author = self.author();
        let (part, log) = match part {
            ChangedPart::Environment(environment, settings) => {
                let log = change_log::environment_updated(author, &environment, &settings);
                (ConfigurationPart::Environment { id: environment.id, settings }, log)
            }
            ChangedPart::Variable(environment, present, new) => {
                let log = change_log::variable_put(author, &environment, present.as_ref(), &new);
                (ConfigurationPart::Variable(new), log)
            }
            ChangedPart::DeletedVariable(environment, variable) => {
                let log = change_log::variable_deleted(author, &environment, &variable);
                let environment_id = environment.id;
                (ConfigurationPart::DeletedVariable { environment_id, key: variable.key }, log)
            }
            ChangedPart::Target(environment, present, new) => {
                let log = change_log::target_put(author, &environment, present.as_ref(), &new);
                (ConfigurationPart::Target(new), log)
            }
            ChangedPart::DeletedTarget(environment, target) => {
                let log = change_log::target_deleted(author, &environment, &target);
                (ConfigurationPart::DeletedTarget { environment_id: environment.id, key: target.key }, log)
            }
            ChangedPart::NewSource(new) => {
                let log = change_log::source_created(author, &new, &self.snapshot().environments);
                (ConfigurationPart::NewSource(new), log)
            }
            ChangedPart::Plugin(endpoint, plugin) => {
                let scheme = endpoint.record.scheme.clone();
                let log = change_log::plugin_used(author, &endpoint, plugin.as_deref(), scheme.as_deref());
                let expected_version = endpoint.record.version;
                let change = PluginUse { source_environment_id: endpoint.id, expected_version, plugin, scheme };
                (ConfigurationPart::Plugin(change), log)
            }
            ChangedPart::Source(source, endpoint, update) => {
                let log = change_log::source_changed(author, &source, &endpoint, &update);
                (ConfigurationPart::Source(update), log)
            }
            ChangedPart::DeletedSource(source) => {
                let log = change_log::source_deleted(author, &source);
                (ConfigurationPart::DeletedSource(source.id), log)
            }
        };
        ConfigurationWrite { part, log }
    }
}
