//! Reads for answers reserve the memory of what they are about to read, and read nothing without it.

use std::sync::atomic::{AtomicU64, Ordering};

use inlet_core::Uuid;
use inlet_store::{Cursor, NewRefused, NewReplay, ReadMemory, ReplayFilter};

use super::{
    recipients::identify,
    support::{Fixture, log, nothing_held},
};

/// Memory of so many bytes.
struct Memory {
    bytes: u64,
    reserved: AtomicU64,
}

impl Memory {
    fn of(bytes: u64) -> Self {
        Self { bytes, reserved: AtomicU64::new(0) }
    }
}

impl ReadMemory for Memory {
    fn reserve(&self, bytes: u64) -> bool {
        self.reserved.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.bytes
    }
}

const VALUE: usize = 100_000;

fn large() -> String {
    "x".repeat(VALUE)
}

fn assert_reserved(memory: &Memory, values: u64) {
    let (reserved, values) = (memory.reserved.load(Ordering::Relaxed), values * VALUE as u64);
    assert!((values..values + 10_000).contains(&reserved), "{reserved} bytes for {values}");
}

#[tokio::test]
async fn a_user_is_read_within_memory() {
    let fixture = Fixture::new().await;
    let item = format!(r#"{{"userId":"u","data":{{"note":"{}"}}}}"#, large());
    fixture.commit(identify(&item)).await;
    let (small, enough) = (Memory::of(1000), Memory::of(1 << 20));
    assert_eq!(fixture.store.user(fixture.environment, "u", &small).await.unwrap(), None);
    let user = fixture.store.user(fixture.environment, "u", &enough).await.unwrap().unwrap().unwrap();
    assert!(user.properties.len() > VALUE);
    assert_reserved(&enough, 1);
    assert_eq!(fixture.store.user(fixture.environment, "nobody", &small).await.unwrap(), Some(None));
}

#[tokio::test]
async fn refused_requests_are_read_within_memory() {
    let fixture = Fixture::new().await;
    let at = fixture.source_environment;
    let mut last = Uuid::nil();
    for _ in 0..3 {
        last = Uuid::now_v7();
        let refused = NewRefused {
            environment_id: fixture.environment,
            source_environment_id: at,
            id: last,
            received_at_ms: 1,
            cause: "failed".to_owned(),
            digest: [7; 32],
            method: "POST".to_owned(),
            path: String::new(),
            query: "[]".to_owned(),
            headers: format!(r#"{{"x":"{}"}}"#, large()),
            credential_hash: None,
            size: VALUE as u64,
            body: Some(large().into_bytes().into()),
            reason: None,
        };
        fixture.store.refuse(refused, nothing_held()).await.unwrap();
    }
    let (small, enough) = (Memory::of(VALUE as u64), Memory::of(1 << 20));
    assert!(fixture.store.refused_within(at, Cursor::Start, 10, &small).await.unwrap().is_none());
    let page = fixture.store.refused_within(at, Cursor::Start, 10, &enough).await.unwrap().unwrap();
    assert_eq!((page.items.len(), page.items[0].id, page.has_after), (3, last, false));
    assert_reserved(&enough, 3);
    let before = Cursor::Before(page.items[2].id);
    let newer = fixture.store.refused_within(at, before, 1, &Memory::of(1 << 20)).await.unwrap().unwrap();
    assert_eq!((newer.items[0].id, newer.has_before, newer.has_after), (page.items[1].id, true, true));

    let (small, enough) = (Memory::of(VALUE as u64), Memory::of(1 << 20));
    assert!(fixture.store.refused_request_within(at, last, &small).await.unwrap().is_none());
    let one = fixture.store.refused_request_within(at, last, &enough).await.unwrap().unwrap().unwrap();
    assert_eq!((one.id, one.body.map(|body| body.len())), (last, Some(VALUE)));
    assert_reserved(&enough, 2);
}

#[tokio::test]
async fn replays_are_read_within_memory() {
    let fixture = Fixture::new().await;
    let at = fixture.source_environment;
    let mut last = Uuid::nil();
    for _ in 0..3 {
        last = Uuid::now_v7();
        let filter = ReplayFilter { event_type: Some(large()), ..ReplayFilter::default() };
        let new = NewReplay { id: last, source_environment_id: at, filter, rate_per_second: 50 };
        fixture.store.replay_create(new, log("createReplay")).await.unwrap();
        assert!(fixture.store.replay_end(at, last, None).await.unwrap());
    }
    let (small, enough) = (Memory::of(VALUE as u64), Memory::of(1 << 20));
    assert!(fixture.store.replays(at, Cursor::Start, 10, &small).await.unwrap().is_none());
    let page = fixture.store.replays(at, Cursor::Start, 10, &enough).await.unwrap().unwrap();
    assert_eq!((page.items.len(), page.items[0].id, page.has_after), (3, last, false));
    assert_reserved(&enough, 3);
    let newer = Cursor::Before(page.items[2].id);
    let newer = fixture.store.replays(at, newer, 1, &Memory::of(1 << 20)).await.unwrap().unwrap();
    assert_eq!((newer.items[0].id, newer.has_before, newer.has_after), (page.items[1].id, true, true));
    assert_eq!(fixture.store.replay(at, last).await.unwrap().map(|replay| replay.id), Some(last));
}
