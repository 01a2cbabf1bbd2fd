//! Changes of the variables of environments.

use inlet_store::{Environment, NewVariable, VariableRecord};

use super::{ConfigurationChange, ConfigureError};
use crate::{change_log, snapshot::reload::Reload};

impl ConfigurationChange {
    /// Creates a variable of an environment, or changes it.
    pub async fn put_variable(
        &self,
        environment: &Environment,
        present: Option<&VariableRecord>,
        new: NewVariable,
    ) -> Result<(), ConfigureError> {
        let log = change_log::variable_put(self.author(), environment, present, &new);
        self.engine().store.variable_put(new, log).await?;
        Ok(self.reload(Reload::ChangedRecords).await?)
    }

    /// Deletes a variable of an environment.
    pub async fn delete_variable(
        &self,
        environment: &Environment,
        variable: &VariableRecord,
    ) -> Result<(), ConfigureError> {
        let log = change_log::variable_deleted(self.author(), environment, variable);
        self.engine().store.variable_delete(environment.id, variable.key.clone(), log).await?;
        Ok(self.reload(Reload::ChangedRecords).await?)
    }
}
