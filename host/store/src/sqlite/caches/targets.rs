//! The targets of all environments, so that runs are routed without a query.

use std::collections::HashMap;

use inlet_core::delivery::RoutedTarget;

use crate::{
    sql,
    sqlite::{error::SqliteError, statements::runner::StatementRunner, tables::targets},
};

/// The targets, and whether the transaction under way wrote deliveries.
#[derive(Default)]
pub(crate) struct Targets {
    /// By environment; only environments that have targets.
    environments: HashMap<i64, Vec<RoutedTarget>>,
    /// True if they were changed and could not be read again.
    is_stale: bool,
    pub(crate) wrote_deliveries: bool,
}

impl Targets {
    /// Reads the targets.
    pub(crate) async fn load(connection: &mut sql::Connection<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self { environments: targets::routed(connection).await?, ..Self::default() })
    }

    /// Reads the targets again after one was changed.
    pub(crate) async fn reload(&mut self, connection: &mut sql::Connection<'_>) {
        match targets::routed(connection).await {
            Ok(environments) => (self.environments, self.is_stale) = (environments, false),
            Err(_) => self.is_stale = true,
        }
    }

    /// Reads the targets if they could not be read before.
    pub(crate) async fn make_sure(&mut self, statements: &mut StatementRunner<'_>) -> Result<(), SqliteError> {
        if self.is_stale {
            self.environments = targets::routed(&mut statements.connection().await?).await?;
            self.is_stale = false;
        }
        Ok(())
    }

    /// Returns true if no environment has a target.
    pub(crate) fn is_empty(&self) -> bool {
        self.environments.is_empty()
    }

    /// Returns the targets of an environment.
    pub(crate) fn of(&self, environment: i64) -> &[RoutedTarget] {
        self.environments.get(&environment).map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns true if deliveries were written since the last call.
    pub(crate) fn take_written(&mut self) -> bool {
        std::mem::take(&mut self.wrote_deliveries)
    }
}
