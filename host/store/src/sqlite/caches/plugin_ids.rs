//! The ids of the plugins that translated events: one row per version, its id kept in memory.

use std::{collections::HashMap, sync::Arc};

use inlet_core::{log::PluginRef, settle::Job};

use crate::{
    sql,
    sqlite::{error::SqliteError, statements::runner::StatementRunner},
};

/// The ids of plugins that have a row.
#[derive(Default)]
pub(crate) struct PluginIds {
    known: HashMap<PluginRef, i64>,
    /// Looked up or inserted in the transaction under way.
    pending: Vec<(PluginRef, i64)>,
}

impl PluginIds {
    /// Returns the id of every item's plugin, job by job.
    pub(crate) async fn ids(
        &mut self,
        statements: &mut StatementRunner<'_>,
        jobs: &[Job],
    ) -> Result<Vec<i64>, SqliteError> {
        let mut ids = Vec::with_capacity(jobs.iter().map(|job| job.items.len()).sum());
        // The items of a job share one; comparing pointers spares hashing its three strings.
        let mut last: Option<(&Arc<PluginRef>, i64)> = None;
        for plugin in jobs.iter().flat_map(|job| &job.items).map(|item| &item.log.plugin) {
            let id = match last {
                Some((same, id)) if Arc::ptr_eq(same, plugin) => id,
                _ => self.id(statements, plugin).await?,
            };
            last = Some((plugin, id));
            ids.push(id);
        }
        Ok(ids)
    }

    async fn id(&mut self, statements: &mut StatementRunner<'_>, plugin: &PluginRef) -> Result<i64, SqliteError> {
        let pending = || self.pending.iter().find(|(known, _)| known == plugin).map(|(_, id)| *id);
        if let Some(id) = self.known.get(plugin).copied().or_else(pending) {
            return Ok(id);
        }
        // Updating nothing makes RETURNING answer for a row that is there already.
        let id = sql::query_scalar(
            "INSERT INTO plugins (key, version, digest) VALUES (?, ?, ?)
             ON CONFLICT (key, version, digest) DO UPDATE SET key = excluded.key
             RETURNING id",
        )
        .bind(&plugin.key)
        .bind(&plugin.version)
        .bind(&plugin.digest)
        .fetch_one(statements.connection().await?)
        .await?;
        self.pending.push((plugin.clone(), id));
        Ok(id)
    }

    pub(crate) fn committed(&mut self) {
        self.known.extend(self.pending.drain(..));
    }

    pub(crate) fn rolled_back(&mut self) {
        self.pending.clear();
    }
}
