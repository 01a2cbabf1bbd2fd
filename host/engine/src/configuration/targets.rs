//! Changes of the targets of environments.

use inlet_store::{Environment, NewTarget, TargetRecord, TargetState};

use super::{ConfigurationChange, ConfigureError};
use crate::{change_log, snapshot::reload::Reload};

impl ConfigurationChange {
    /// Creates a target of an environment, or replaces its settings; returns its database id.
    pub async fn put_target(
        &self,
        environment: &Environment,
        present: Option<&TargetRecord>,
        new: NewTarget,
    ) -> Result<i64, ConfigureError> {
        let log = change_log::target_put(self.author(), environment, present, &new);
        let id = self.engine().store.target_put(new, log).await?;
        self.reload(Reload::ChangedRecords).await?;
        Ok(id)
    }

    /// Deletes a target of an environment. Its open deliveries are canceled afterwards.
    pub async fn delete_target(&self, environment: &Environment, target: &TargetRecord) -> Result<(), ConfigureError> {
        let log = change_log::target_deleted(self.author(), environment, target);
        self.engine().store.target_delete(environment.id, target.key.clone(), log).await?;
        self.reload(Reload::ChangedRecords).await?;
        self.engine().wake_retention();
        Ok(())
    }

    /// Pauses, disables or resumes a target, which keeps its deliveries. Returns false if it had that state.
    pub async fn set_target_state(
        &self,
        environment: &Environment,
        target: &TargetRecord,
        state: TargetState,
        reason: Option<String>,
    ) -> Result<bool, ConfigureError> {
        let log = change_log::target_state_set(self.author(), environment, target, state, reason.as_deref());
        let is_changed = self.engine().store.target_set_state(target.id, state, reason, log).await?;
        self.reload(Reload::ChangedRecords).await?;
        Ok(is_changed)
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::delivery::TargetRouting;
    use inlet_store::{Author, ChangeQuery, Cursor, ReadMemory};

    use super::*;
    use crate::test_engine::TestEngine;

    struct Unlimited;

    impl ReadMemory for Unlimited {
        fn reserve(&self, _: u64) -> bool {
            true
        }
    }

    fn new(environment_id: i64, secrets: Option<&str>) -> NewTarget {
        NewTarget {
            environment_id,
            key: "crm".to_owned(),
            kind: "webhook".to_owned(),
            settings: r#"{"url":"https://example.com"}"#.to_owned(),
            routing: TargetRouting::of_chunks(1000),
            secrets: secrets.map(str::to_owned),
            state: None,
        }
    }

    #[tokio::test]
    async fn a_target_is_in_force_and_its_secrets_are_in_no_log() {
        let test = TestEngine::start().await;
        let changed: Result<(), ConfigureError> = test
            .engine
            .configure(Author::named("a"), |change| async move {
                let environment = change.snapshot().environments.first().unwrap().clone();
                change
                    .put_target(&environment, None, new(environment.id, Some(r#"{"signing_secret":"whsec_1"}"#)))
                    .await?;
                let present = change.snapshot().target(environment.id, "crm").unwrap().clone();
                assert!(present.has_secrets);
                change.put_target(&environment, Some(&present), new(environment.id, Some("whsec_2"))).await?;
                let reason = Some("maintenance".to_owned());
                assert!(change.set_target_state(&environment, &present, TargetState::Paused, reason).await?);
                let paused = change.snapshot().target(environment.id, "crm").unwrap().clone();
                assert_eq!((paused.state, paused.version), (TargetState::Paused, 2));
                change.delete_target(&environment, &paused).await?;
                assert!(change.snapshot().target(environment.id, "crm").is_none());
                Ok(())
            })
            .await;
        changed.unwrap();
        let query = ChangeQuery {
            environment_ids: None,
            resource: Some("targets/crm".to_owned()),
            operation: None,
            author: None,
            cursor: Cursor::Start,
            limit: 10,
        };
        let log = test.engine.store.changes(&query, &Unlimited).await.unwrap().unwrap().items;
        assert_eq!(
            log.iter().map(|change| &*change.operation).collect::<Vec<_>>(),
            ["deleteTarget", "setTargetState", "upsertTarget", "upsertTarget"]
        );
        assert!(log.iter().all(|change| !format!("{change:?}").contains("whsec")), "{log:?}");
    }
}
