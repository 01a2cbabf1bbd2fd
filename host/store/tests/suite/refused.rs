//! The ring of refused requests is bounded, in number and in bytes.

use inlet_core::Uuid;
use inlet_store::{Cursor, NewRefused, RefusedDismissal};
use tokio::task::JoinSet;

use super::support::{Fixture, log, nothing_held};

fn request(fixture: &Fixture, body: Vec<u8>) -> NewRefused {
    NewRefused {
        environment_id: fixture.environment,
        source_environment_id: fixture.source_environment,
        id: Uuid::now_v7(),
        received_at_ms: 1,
        cause: "the signature does not match".to_owned(),
        digest: [7; 32],
        method: "POST".to_owned(),
        path: String::new(),
        query: "[]".to_owned(),
        headers: r#"{"x-signature":"ab"}"#.to_owned(),
        credential_hash: Some([9; 32]),
        size: body.len() as u64,
        body: Some(body.into()),
        reason: None,
    }
}

#[tokio::test]
async fn a_refused_request_comes_back_whole() {
    let fixture = Fixture::new().await;
    let new = request(&fixture, b"body".to_vec());
    let id = new.id;
    fixture.store.refuse(new, nothing_held()).await.unwrap();
    let kept = fixture.store.refused_request(fixture.source_environment, id).await.unwrap().unwrap();
    assert_eq!(kept.body.as_deref(), Some(b"body".as_slice()));
    assert_eq!(kept.headers.as_deref(), Some(r#"{"x-signature":"ab"}"#));
    assert_eq!((kept.size, kept.digest.as_slice()), (4, [7; 32].as_slice()));
    let listed = fixture.store.refused(fixture.source_environment, Cursor::Start, 10).await.unwrap();
    assert_eq!((listed.items.len(), &listed.items[0].body), (1, &None));
}

#[tokio::test]
async fn only_the_newest_thousand_stay() {
    let fixture = Fixture::new().await;
    let requests: Vec<NewRefused> = (0..1200).map(|_| request(&fixture, vec![1])).collect();
    let (oldest_kept, newest) = (requests[200].id, requests[1199].id);
    let mut tasks = JoinSet::new();
    for new in requests {
        let store = fixture.store.clone();
        tasks.spawn(async move { store.refuse(new, nothing_held()).await });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    let (mut cursor, mut found) = (Cursor::Start, Vec::new());
    loop {
        let page = fixture.store.refused(fixture.source_environment, cursor, 300).await.unwrap();
        cursor = Cursor::After(page.items.last().unwrap().id);
        found.extend(page.items.into_iter().map(|request| request.id));
        if !page.has_after {
            break;
        }
    }
    assert_eq!((found.len(), found[0], found[999]), (1000, newest, oldest_kept));
}

#[tokio::test]
async fn of_too_many_bytes_the_oldest_bodies_go() {
    let fixture = Fixture::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let new = request(&fixture, vec![0; 20 << 20]);
        ids.push(new.id);
        fixture.store.refuse(new, nothing_held()).await.unwrap();
    }
    let mut bodies = Vec::new();
    for id in ids {
        let kept = fixture.store.refused_request(fixture.source_environment, id).await.unwrap().unwrap();
        assert_eq!(kept.size, 20 << 20, "size and digest stay");
        assert_eq!(kept.body.is_some(), kept.headers.is_some());
        bodies.push(kept.body.is_some());
    }
    assert_eq!(bodies, [false, false, true, true, true]);
}

#[tokio::test]
async fn of_too_many_bytes_the_oldest_heads_go() {
    let fixture = Fixture::new().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let mut new = request(&fixture, Vec::new());
        // Each part of the head counts, with a body and without.
        match number % 3 {
            0 => new.path = "x".repeat(20 << 20),
            1 => new.query = "x".repeat(20 << 20),
            _ => (new.headers, new.body) = ("x".repeat(20 << 20), None),
        }
        assert!(new.bytes() > 20 << 20);
        ids.push(new.id);
        fixture.store.refuse(new, nothing_held()).await.unwrap();
    }
    let mut kept = Vec::new();
    for id in ids {
        let found = fixture.store.refused_request(fixture.source_environment, id).await.unwrap().unwrap();
        kept.push((found.headers.is_some(), found.query.is_some(), found.path.unwrap().len()));
    }
    let whole = |path| (true, true, path);
    assert_eq!(kept, [(false, false, 256), (false, false, 0), whole(0), whole(20 << 20), whole(0)]);
}

#[tokio::test]
async fn a_body_may_be_kept_in_part_or_not_at_all() {
    let fixture = Fixture::new().await;
    let whole = request(&fixture, vec![0; 1000]);
    let part = NewRefused { size: 70 << 20, reason: Some("a sentence".to_owned()), ..request(&fixture, vec![0; 1000]) };
    let none = NewRefused { size: 70 << 20, body: None, ..request(&fixture, Vec::new()) };
    let ids = [whole.id, part.id, none.id];
    for new in [whole, part, none] {
        fixture.store.refuse(new, nothing_held()).await.unwrap();
    }
    let mut found = Vec::new();
    for id in ids {
        let kept = fixture.store.refused_request(fixture.source_environment, id).await.unwrap().unwrap();
        found.push((kept.size, kept.has_body, kept.body.map(|body| body.len()), kept.reason));
    }
    let part = (70 << 20, false, Some(1000), Some("a sentence".to_owned()));
    let expected = [(1000, true, Some(1000), None), part, (70 << 20, false, None, None)];
    assert_eq!(found, expected, "the ring counts what it keeps");
}

#[tokio::test]
async fn refused_requests_are_dismissed_one_by_one_and_by_cause() {
    let fixture = Fixture::new().await;
    let mut ids = Vec::new();
    for cause in ["stale", "failed", "stale", "stale"] {
        let new = NewRefused { cause: cause.to_owned(), ..request(&fixture, vec![1]) };
        ids.push(new.id);
        fixture.store.refuse(new, nothing_held()).await.unwrap();
    }
    let dismiss = async |dismissal| {
        let log = log("dismissRefusedRequests");
        fixture.store.dismiss_refused(fixture.source_environment, dismissal, log).await.unwrap()
    };
    assert_eq!(dismiss(RefusedDismissal::Requests(vec![ids[0], Uuid::now_v7()])).await, 1);
    assert_eq!(dismiss(RefusedDismissal::Cause("stale".to_owned())).await, 2);
    assert_eq!(dismiss(RefusedDismissal::Cause("stale".to_owned())).await, 0);
    let left = fixture.store.refused(fixture.source_environment, Cursor::Start, 10).await.unwrap();
    assert_eq!(left.items.iter().map(|request| request.id).collect::<Vec<_>>(), [ids[1]]);
}
