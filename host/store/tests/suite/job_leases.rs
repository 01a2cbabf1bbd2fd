//! Leases of background jobs: one holder at a time, and a fence that grows at each takeover.

use std::time::Duration;

use inlet_store::JobLease;

use super::support::Fixture;

const LONG: Duration = Duration::from_secs(3600);
/// A lease of no length has expired as soon as it is written, whatever the clock says.
const EXPIRED: Duration = Duration::ZERO;

fn held(epoch: i64) -> JobLease {
    JobLease { is_held: true, epoch }
}

fn not_held(epoch: i64) -> JobLease {
    JobLease { is_held: false, epoch }
}

#[tokio::test]
async fn a_lease_has_one_holder_who_keeps_its_epoch() {
    let fixture = Fixture::new().await;
    let acquire = async |name, owner| fixture.store.job_lease_acquire(name, owner, LONG).await.unwrap();
    assert_eq!(acquire("retention", "a").await, held(1));
    assert_eq!(acquire("retention", "b").await, not_held(1));
    assert_eq!(acquire("retention", "a").await, held(1), "acquiring what is held prolongs it");
    assert_eq!(acquire("retries", "b").await, held(1), "leases are apart");
    assert_eq!(fixture.store.job_lease_renew("retention", "a", 1, LONG).await, Ok(held(1)));
    assert_eq!(fixture.store.job_lease_renew("retention", "b", 1, LONG).await, Ok(not_held(1)));
    assert_eq!(fixture.store.job_lease_renew("unknown", "a", 1, LONG).await, Ok(not_held(0)));
}

#[tokio::test]
async fn an_expired_lease_is_taken_over_and_its_late_owner_cannot_renew() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    assert_eq!(store.job_lease_acquire("retention", "a", EXPIRED).await, Ok(held(1)));
    assert_eq!(store.job_lease_renew("retention", "a", 1, LONG).await, Ok(not_held(1)), "late, though nobody came");
    assert_eq!(store.job_lease_acquire("retention", "b", EXPIRED).await, Ok(held(2)));
    assert_eq!(store.job_lease_renew("retention", "a", 1, LONG).await, Ok(not_held(2)));
    assert_eq!(
        store.job_lease_acquire("retention", "b", LONG).await,
        Ok(held(3)),
        "it may have done nothing meanwhile"
    );
    assert_eq!(store.job_lease_renew("retention", "b", 2, LONG).await, Ok(not_held(3)), "an earlier epoch of its own");
    assert_eq!(store.job_lease_renew("retention", "b", 3, EXPIRED).await, Ok(held(3)));
    assert_eq!(store.job_lease_acquire("retention", "a", LONG).await, Ok(held(4)));
}

#[tokio::test]
async fn a_released_lease_is_free_at_once_and_keeps_its_fence() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    assert_eq!(store.job_lease_acquire("retention", "a", LONG).await, Ok(held(1)));
    assert_eq!(store.job_lease_release("retention", "b", 1).await, Ok(false));
    assert_eq!(store.job_lease_release("retention", "a", 1).await, Ok(true));
    assert_eq!(store.job_lease_release("retention", "a", 1).await, Ok(false));
    assert_eq!(store.job_lease_renew("retention", "a", 1, LONG).await, Ok(not_held(1)));
    assert_eq!(store.job_lease_acquire("retention", "a", LONG).await, Ok(held(2)));
    assert_eq!(store.job_lease_release("retention", "a", 1).await, Ok(false), "an earlier epoch releases nothing");
    assert_eq!(store.job_lease_acquire("retention", "b", LONG).await, Ok(not_held(2)));
}

#[tokio::test]
async fn a_lease_is_held_until_its_time_is_over() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    assert_eq!(store.job_lease_acquire("retention", "a", Duration::from_millis(200)).await, Ok(held(1)));
    assert_eq!(store.job_lease_acquire("retention", "b", LONG).await, Ok(not_held(1)));
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(store.job_lease_acquire("retention", "b", LONG).await, Ok(held(2)));
}
