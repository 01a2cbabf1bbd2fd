//! Stopping a target for the dispatcher of deliveries, as a change of the configuration.

use futures_util::future::BoxFuture;
use inlet_delivery::dispatcher::{Stop, StopTarget};
use inlet_engine::{ConfigureError, Engine};
use inlet_store::{Author, TargetRecord};
use tower::BoxError;

/// The name of the server itself in the change log.
const AUTHOR: &str = "server";

/// Stops targets in the engine's configuration.
pub struct StopInConfiguration(pub Engine);

impl StopTarget for StopInConfiguration {
    fn stop(&self, target: TargetRecord, stop: Stop) -> BoxFuture<'static, Result<(), BoxError>> {
        let engine = self.0.clone();
        Box::pin(async move {
            let changed: Result<(), ConfigureError> = engine
                .configure(Author::named(AUTHOR), move |change| async move {
                    let snapshot = change.snapshot();
                    let find = |environment: &&inlet_store::Environment| environment.id == target.environment_id;
                    // Without its environment, the target is gone too.
                    let Some(environment) = snapshot.environments.iter().find(find) else { return Ok(()) };
                    change.set_target_state(environment, &target, stop.state, Some(stop.reason)).await?;
                    Ok(())
                })
                .await;
            Ok(changed?)
        })
    }
}
