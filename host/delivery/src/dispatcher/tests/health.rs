//! The time for which a target fails, over restarts of the dispatcher.

use std::time::Duration;

use inlet_store::{ChangedHealth, DeliveryTurn, TargetHealth, TargetRecord, TargetState};
use uuid::Uuid;

use super::{
    GRACE,
    fixture::{Fixture, Reply, bounded, scripted},
};

const HOUR_MS: i64 = 3_600_000;

impl Fixture {
    /// Waits until the stored health of the only target is so, and returns the target.
    async fn health(&self, is_so: impl Fn(TargetHealth) -> bool) -> TargetRecord {
        bounded(async {
            loop {
                let target = self.store.targets().await.unwrap().remove(0);
                if is_so(target.health) {
                    return target;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
    }

    /// Writes the health of a target as a dispatcher does.
    async fn write_health(&self, target: &TargetRecord, health: TargetHealth) {
        let mut turn = DeliveryTurn::new(Uuid::now_v7(), Duration::from_secs(60));
        turn.health = vec![ChangedHealth { target: target.id, state_since_ms: target.state_since_ms, health }];
        self.store.delivery_turn(turn).await.unwrap();
    }
}

fn retries() -> Vec<u64> {
    [vec![1; 500], vec![3_600_000]].concat()
}

#[tokio::test]
async fn a_target_that_fails_for_three_days_over_restarts_is_disabled_and_begins_anew_when_it_is_enabled() {
    let fixture = Fixture::new().await;
    let (address, _received) = scripted(|_| Reply::Status(500)).await;
    let id = fixture.webhook("hook", address).await;
    fixture.trigger("u_1").await;
    let dispatcher = fixture.dispatcher(&retries());
    let failing = fixture.health(|health| health.failures == 10).await;
    dispatcher.kill().await;
    // Three days pass.
    let since_ms = failing.health.failing_since_ms.unwrap() - 73 * HOUR_MS;
    fixture.write_health(&failing, TargetHealth { failing_since_ms: Some(since_ms), ..failing.health }).await;
    let dispatcher = fixture.dispatcher(&retries());
    let disabled = fixture.target_in(id, TargetState::Disabled).await;
    assert!(disabled.state_reason.unwrap().contains("three days"));
    assert_eq!(disabled.health.failing_since_ms, None, "it counts from the time when it is enabled");
    fixture.resume(id).await;
    fixture.health(|health| health.failures > 0 && health.failing_since_ms.unwrap() > since_ms + 72 * HOUR_MS).await;
    dispatcher.stop(GRACE).await;
    assert_eq!(fixture.store.targets().await.unwrap()[0].state, TargetState::Running);
}

#[tokio::test]
async fn a_warning_is_kept_over_a_restart_and_a_success_ends_it() {
    let fixture = Fixture::new().await;
    let (address, mut received) = scripted(|number| Reply::Status(if number < 3 { 500 } else { 200 })).await;
    fixture.webhook("hook", address).await;
    let target = fixture.store.targets().await.unwrap().remove(0);
    let now_ms = fixture.store.clock().now_ms();
    let failing_since_ms = Some(now_ms - 37 * HOUR_MS);
    fixture.write_health(&target, TargetHealth { failing_since_ms, failures: 10, ..TargetHealth::default() }).await;
    let dispatcher = fixture.dispatcher(&[1, 1, 3_600_000, 3_600_000]);
    fixture.trigger("u_1").await;
    let warned = fixture.health(|health| health.warned_percent == 50).await;
    assert!(warned.health.warned_at_ms.unwrap() >= now_ms, "{warned:?}");
    for _ in 0..3 {
        bounded(received.recv()).await.unwrap();
    }
    dispatcher.kill().await;
    let dispatcher = fixture.dispatcher(&[1]);
    fixture.trigger("u_2").await;
    let works = fixture.health(|health| health.failing_since_ms.is_none()).await;
    assert_eq!(works.health.warned_percent, 0);
    assert_eq!(works.health.warned_at_ms, warned.health.warned_at_ms, "the next warning is an hour after it at least");
    dispatcher.stop(GRACE).await;
}

#[tokio::test]
async fn a_health_that_was_observed_before_a_target_was_stopped_is_not_written() {
    let fixture = Fixture::new().await;
    let (address, _received) = scripted(|_| Reply::Status(200)).await;
    let id = fixture.webhook("hook", address).await;
    let before = fixture.store.targets().await.unwrap().remove(0);
    let health = TargetHealth { failing_since_ms: Some(1), failures: 10, warned_percent: 90, warned_at_ms: Some(2) };
    fixture.write_health(&before, health).await;
    assert_eq!(fixture.store.targets().await.unwrap()[0].health, health);
    fixture.pause(id).await;
    let paused = fixture.store.targets().await.unwrap().remove(0);
    fixture.write_health(&before, health).await;
    fixture.write_health(&paused, health).await;
    let after = fixture.store.targets().await.unwrap().remove(0);
    assert_eq!(after.health, TargetHealth { warned_at_ms: Some(2), ..TargetHealth::default() });
}
