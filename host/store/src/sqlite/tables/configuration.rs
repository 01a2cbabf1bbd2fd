//! Changes of several tables of the configuration in one transaction.

use super::{change_log, deleted_sources, environments, plugin_versions, sources, targets, variables};
use crate::{
    backend::Execute,
    error::ChangeError,
    operations::WriteConfiguration,
    records::ConfigurationPart,
    sql,
    sqlite::{error::SqliteError, statements::transaction, write_connection::WriteConnection},
    vault::Vault,
};

impl Execute<WriteConfiguration> for WriteConnection {
    async fn execute(&mut self, WriteConfiguration { writes }: WriteConfiguration) -> Result<(), ChangeError> {
        let vault = &*self.vault;
        let written = transaction::run(self.connection.plain(), async |connection| {
            for write in &writes {
                write_part(connection, &write.part, vault).await?;
                change_log::record(connection, &write.log).await?;
            }
            Ok(())
        })
        .await;
        if writes.iter().any(|write| write.part.changes_targets()) {
            self.caches.targets.reload(&mut self.connection.plain()).await;
            self.deliveries.notify_one();
        }
        Ok(written?)
    }
}

async fn write_part(
    connection: &mut sql::Connection<'_>,
    part: &ConfigurationPart,
    vault: &dyn Vault,
) -> Result<(), SqliteError> {
    match part {
        ConfigurationPart::Environment { id, settings } => environments::update(connection, *id, settings).await,
        ConfigurationPart::Variable(new) => variables::put(connection, new, vault).await,
        ConfigurationPart::DeletedVariable { environment_id, key } => {
            variables::delete(connection, *environment_id, key).await
        }
        ConfigurationPart::Target(new) => targets::put(connection, new, vault).await.map(drop),
        ConfigurationPart::DeletedTarget { environment_id, key } => {
            targets::delete(connection, *environment_id, key).await
        }
        ConfigurationPart::NewSource(new) => sources::insert(connection, new, vault).await.map(drop),
        ConfigurationPart::Plugin(change) => plugin_versions::write_use(connection, change).await.map(drop),
        ConfigurationPart::Source(update) => sources::update_source(connection, update, vault).await.map(drop),
        ConfigurationPart::DeletedSource(id) => deleted_sources::mark_deleted(connection, *id).await,
    }
}
