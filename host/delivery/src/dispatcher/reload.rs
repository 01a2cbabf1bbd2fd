//! Reading the targets, and stopping them.

use std::{sync::Arc, time::Instant};

use inlet_store::{ReadError, Store, TargetState};
use tokio::task::JoinError;

use super::{
    health_log::{self, Stop},
    run::{AFTER_FAILURE, POLL, Run},
    target_runtime::TargetRuntime,
};

impl Run {
    /// Reads the targets, and all that is due if it was not looked at for long.
    pub(super) async fn reload(&mut self, now: Instant) {
        self.reload_at = now + POLL;
        // Before they are read: a change that is made meanwhile is not missed.
        self.seen_changes = self.store.target_changes();
        let read = |store: Arc<Store>| async move {
            let servers = match store.is_shared() {
                true => store.nodes().await?.iter().filter(|node| node.is_alive).count().max(1),
                false => 1,
            };
            Ok::<_, ReadError>((store.targets().await?, store.environments().await?, servers))
        };
        let (records, environments, servers) = match self.reads.run(read).await {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(%error, "the targets cannot be read; it is tried again");
                self.reload_at = now + AFTER_FAILURE;
                return;
            }
        };
        let mut known = std::mem::take(&mut self.targets);
        for record in records {
            let id = record.id;
            let environment = environments.iter().find(|environment| environment.id == record.environment_id);
            let slug = environment.map(|environment| environment.slug.clone());
            let mut runtime = match known.remove(&id) {
                Some(runtime) if runtime.is_of(&record) => runtime,
                old => match self.reads.run(move |store| async move { store.target_secrets(id).await }).await {
                    Ok(secrets) => match old {
                        Some(mut runtime) => {
                            runtime.update(record, secrets.as_ref(), now);
                            runtime
                        }
                        None => TargetRuntime::new(record, secrets.as_ref(), now),
                    },
                    Err(error) => {
                        tracing::error!(%error, "the secrets of a target cannot be read; it is tried again");
                        self.reload_at = now + AFTER_FAILURE;
                        match old {
                            Some(runtime) => runtime,
                            None => continue,
                        }
                    }
                },
            };
            runtime.environment = slug.unwrap_or_default();
            runtime.share_among(u32::try_from(servers).unwrap_or(u32::MAX));
            self.targets.insert(id, runtime);
        }
        for id in self.targets.keys().copied().collect::<Vec<_>>() {
            let broken = self.targets.get(&id).and_then(|target| {
                let is_new = target.record.state == TargetState::Running && !target.is_stopping;
                target.target.as_ref().err().filter(|_| is_new).cloned()
            });
            if let Some(sentence) = broken {
                let reason = format!("its settings do not work: {sentence}");
                self.stop_target(id, Stop { state: TargetState::Paused, reason });
            }
        }
        self.hand_back_stopped();
    }

    /// Gives back what waits for targets that do not run.
    pub(super) fn hand_back_stopped(&mut self) {
        let stopped: Vec<i64> = self
            .claims
            .iter()
            .map(|held| held.delivery.target_id)
            .filter(|id| self.targets.get(id).is_none_or(|target| !target.is_running()))
            .collect();
        if !stopped.is_empty() {
            self.hand_back(|held| stopped.contains(&held.delivery.target_id));
        }
    }

    /// Stops a target: nothing more is sent to it from now on, and its state is written.
    pub(super) fn stop_target(&mut self, id: i64, stop: Stop) {
        let Some(target) = self.targets.get_mut(&id).filter(|target| !target.is_stopping) else { return };
        target.is_stopping = true;
        let (stop_target, record) = (self.stop_target.clone(), target.record.clone());
        let stop = async move { (id, health_log::stop(&*stop_target, record, stop).await) };
        // It changes the configuration, which reads the store.
        match self.reads.threads() {
            Some(threads) => self.stops.spawn_on(stop, threads),
            None => self.stops.spawn(stop),
        };
        self.hand_back_stopped();
    }

    /// Notes that the state of a target was written, or could not be.
    pub(super) fn target_stopped(&mut self, ended: Result<(i64, bool), JoinError>) {
        let now = Instant::now();
        if let Ok((id, is_written)) = ended
            && let Some(target) = self.targets.get_mut(&id)
            && !is_written
        {
            target.is_stopping = false;
        }
        self.reload_at = now;
    }
}
