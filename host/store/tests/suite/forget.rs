//! Forgetting a user in the store: what waits, was released later, or is under way.

use std::time::Duration;

use inlet_core::{
    Uuid,
    delivery::TargetRouting,
    hints::Hints,
    json,
    log::Outcome,
    mapping::Mapping,
    parked::{MAX_PARKED, MAX_PARKED_OF_RECIPIENT},
    subject::Subject,
};
use inlet_store::{
    AttemptNext, BuiltDelivery, BulkProgress, ClaimedDelivery, CommitError, CommitExtras, Cursor, DeliveryTurn,
    ExpansionShare, ForgetRecord, NewBulkOperation, RunQuery, RunRecord, StoredBody,
};

use super::support::{Event, Fixture, LONG, Unlimited, delivered, mapping, retry};

fn waits() -> [Mapping; 1] {
    let parameters = r#"{"key":"k","recipients":"data.to","actor":"data.by","unidentified":"wait"}"#;
    [mapping("t", "workflows_trigger", parameters, 1)]
}

fn by(user: &str, data: &str) -> String {
    format!(r#"{{"userId":"{user}","data":{data}}}"#)
}

fn identify(user: &str) -> Event<'static> {
    Event { identifies: true, ..Event::new("identify", &by(user, "{}")) }
}

/// Logs the waits that ended; returns their number.
async fn end_waits(fixture: &Fixture) -> u64 {
    let mut ended = 0;
    loop {
        match fixture.store.end_waits(fixture.store.clock().state().store_ms, 500).await.unwrap() {
            0 => return ended,
            slice => ended += slice,
        }
    }
}

async fn begin(fixture: &Fixture, user: &str) -> ForgetRecord {
    fixture.store.forget_begin(fixture.environment, user, None).await.unwrap()
}

/// Walks up to the newest event, as the background job does; returns the report.
async fn walk(fixture: &Fixture, record: &ForgetRecord) -> ForgetRecord {
    let (store, environment) = (&fixture.store, fixture.environment);
    let (subject, end) = (record.subject.as_ref().unwrap(), Uuid::max());
    store.forget_waits(environment, record.id, end).await.unwrap();
    end_waits(fixture).await;
    assert!(!store.forget_is_awaited(environment, end, subject).await.unwrap());
    for walk in store.forget_walks(environment).await.unwrap() {
        let mut after = Uuid::nil();
        while let Some(slice) = store.forget_find(environment, walk, (after, end), subject).await.unwrap() {
            after = slice.last;
            store.forget_rows(environment, record.id, slice).await.unwrap();
        }
    }
    while !store.forget_relations(environment, record.id, 2).await.unwrap().is_empty() {}
    store.open_forgets().await.unwrap().into_iter().find(|open| open.id == record.id).unwrap()
}

async fn runs(fixture: &Fixture) -> Vec<RunRecord> {
    let query = RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 1000,
        workflow: None,
        source_event: None,
    };
    fixture.store.runs(&query, &Unlimited).await.unwrap().unwrap().items
}

/// Returns the time in an id.
fn milliseconds(id: Uuid) -> i64 {
    (id.as_u128() >> 80) as i64
}

/// Returns the members of the result of an event's only action that name recipients who wait or were skipped.
async fn waiting_and_skipped(fixture: &Fixture, event: Uuid) -> [String; 2] {
    let result = fixture.event(event).await.actions[0].result.clone().unwrap();
    ["waiting_recipients", "skipped_recipients"]
        .map(|member| json::member(&result, member).unwrap_or("none").to_owned())
}

#[tokio::test]
async fn as_many_may_wait_again_as_waited_for_a_forgotten_user() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    let all: Vec<String> = (0..1000).map(|number| format!("\"u{number}\"")).collect();
    let item = by("sender", &format!(r#"{{"to":[{}]}}"#, all.join(",")));
    let triggers = MAX_PARKED / 1000;
    fixture.commit_all((0..triggers).map(|_| Event::new("t", &item).mappings(&mappings)).collect()).await;
    let park = async |users: Vec<String>| {
        let item = by("sender", &format!(r#"{{"to":["{}"]}}"#, users.join("\",\"")));
        fixture.commit(Event::new("t", &item).mappings(&mappings)).await.outcome
    };
    assert_eq!(park(vec!["new".to_owned()]).await, Outcome::Skipped, "no more may wait");
    let record = begin(&fixture, "u7").await;
    assert_eq!(record.counts.waits, triggers as u64);
    let others = || (0..triggers).map(|number| format!("new-{number}")).collect();
    assert_eq!(park(others()).await, Outcome::Executed);
    assert_eq!(park(vec!["one-more".to_owned()]).await, Outcome::Skipped);
    // The job that logs the ends counts nobody out again, and a restart counts the same.
    assert_eq!(end_waits(&fixture).await, triggers as u64);
    assert_eq!(park(vec!["one-more".to_owned()]).await, Outcome::Skipped);
    let fixture = fixture.reopen().await;
    let item = by("sender", r#"{"to":["one-more"]}"#);
    assert_eq!(fixture.commit(Event::new("t", &item).mappings(&mappings)).await.outcome, Outcome::Skipped);
    assert_eq!(walk(&fixture, &record).await.counts.waits, triggers as u64);
}

#[tokio::test]
async fn as_many_triggers_may_wait_again_for_a_user_who_was_forgotten() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    let item = by("sender", r#"{"to":"ana"}"#);
    let park = async |count: usize| -> Vec<Outcome> {
        let events = (0..count).map(|_| Event::new("t", &item).mappings(&mappings)).collect();
        fixture.commit_all(events).await.iter().map(|settled| settled.outcome).collect()
    };
    park(MAX_PARKED_OF_RECIPIENT).await;
    assert_eq!(park(1).await, [Outcome::Skipped]);
    let record = begin(&fixture, "ana").await;
    assert_eq!(record.counts.waits, MAX_PARKED_OF_RECIPIENT as u64);
    // The same request again ends the waits that began meanwhile.
    assert_eq!(park(2).await, [Outcome::Executed; 2]);
    assert_eq!(begin(&fixture, "ana").await.counts.waits, MAX_PARKED_OF_RECIPIENT as u64 + 2);
    park(MAX_PARKED_OF_RECIPIENT).await;
    assert_eq!(park(1).await, [Outcome::Skipped]);
}

#[tokio::test]
async fn runs_that_are_created_later_have_nothing_of_a_forgotten_user() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    let send =
        async |user: &str, data: &str| fixture.commit(Event::new("t", &by(user, data)).mappings(&mappings)).await.id;
    // Runs of the user's events: released and logged, released and not logged yet, and still waited for.
    send("ana", r#"{"to":["bob"],"of":"ana"}"#).await;
    fixture.commit(identify("bob")).await;
    end_waits(&fixture).await;
    send("ana", r#"{"to":["carl"],"of":"ana"}"#).await;
    fixture.commit(identify("carl")).await;
    send("ana", r#"{"to":["dora"],"of":"ana"}"#).await;
    // Events of others: the user is the actor, and one of those who are waited for.
    let acted = send("eve", r#"{"to":["dora"],"by":"ana","of":"eve"}"#).await;
    let shared = send("eve", r#"{"to":["ana","fred"],"of":"eve"}"#).await;
    assert_eq!(runs(&fixture).await.len(), 2);

    let record = begin(&fixture, "ana").await;
    let done = walk(&fixture, &record).await;
    assert_eq!((done.counts.events, done.counts.runs), (3, 2), "{:?}", done.counts);
    fixture.commit(identify("dora")).await;
    fixture.commit(identify("ana")).await;
    end_waits(&fixture).await;
    let runs = runs(&fixture).await;
    let shown: Vec<(&str, Option<&str>, Option<&str>)> = runs
        .iter()
        .map(|run| (run.recipients[0].id.as_str(), run.data.content.as_deref(), run.actor.as_deref()))
        .collect();
    let of_eve = r#"{"to":["dora"],"by":"ana","of":"eve"}"#;
    let mut expected = vec![
        ("bob", Some("{}"), None),
        ("carl", Some("{}"), None),
        ("dora", Some("{}"), None),
        ("dora", Some(of_eve), None),
    ];
    let mut shown_sorted = shown.clone();
    shown_sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(shown_sorted, expected);
    assert_eq!(fixture.event(acted).await.user_id.as_deref(), Some("eve"));
    let skipped = r#"[{"id":"[forgotten]","reason":"deleted"}]"#;
    assert_eq!(waiting_and_skipped(&fixture, shared).await, [r#"[{"id":"fred"}]"#, skipped]);
}

#[tokio::test]
async fn a_run_whose_event_is_gone_loses_its_data_if_it_names_the_user() {
    let fixture = Fixture::new().await;
    let mappings = waits();
    for (user, secret) in [("ana", "ANA@example.com"), ("eve", "eve@example.com")] {
        let data = format!(r#"{{"to":["bob"],"email":"{secret}"}}"#);
        fixture.commit(Event::new("t", &by(user, &data)).mappings(&mappings)).await;
    }
    let with_email = by("ana", r#"{"email":"ana@example.com"}"#);
    fixture.commit(Event { identifies: true, ..Event::new("identify", &with_email) }).await;
    // A run is younger than its event by the time of the wait.
    let cutoff_ms = milliseconds(Uuid::now_v7()) + 1;
    while milliseconds(fixture.store.clock().new_id()) <= cutoff_ms {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    fixture.commit(identify("bob")).await;
    end_waits(&fixture).await;
    while fixture.store.prune(fixture.environment, cutoff_ms, 100).await.unwrap().events > 0 {}
    assert_eq!(runs(&fixture).await.len(), 2);
    let record = begin(&fixture, "ana").await;
    assert_eq!(walk(&fixture, &record).await.counts.runs, 1);
    let data: Vec<_> = runs(&fixture).await.into_iter().map(|run| run.data.content.unwrap()).collect();
    assert!(data.contains(&"{}".to_owned()) && data.iter().any(|data| data.contains("eve")), "{data:?}");
}

#[tokio::test]
async fn a_chunk_of_a_bulk_operation_does_not_bring_a_user_back() {
    let fixture = Fixture::new().await;
    let (store, environment) = (&fixture.store, fixture.environment);
    let id = store.clock().new_id();
    let new = NewBulkOperation {
        environment_id: environment,
        id,
        operation: "users.identify".to_owned(),
        collection: None,
        items: r#"[{"id":"ana","body":{},"error":null},{"id":"bob","body":{},"error":null}]"#.to_owned(),
        total: 2,
    };
    assert!(store.bulk_operation_create(new).await.unwrap());
    let chunk = async |from: i64, user: &str| {
        let progress = BulkProgress {
            environment_id: environment,
            id,
            from,
            item_ids: vec![user.to_owned()],
            collection: None,
            user_hashes: vec![Subject::hash(&store.hash_key(), environment, user)],
        };
        let extras = CommitExtras { bulk: Some(progress), ..CommitExtras::default() };
        store.commit_with(fixture.job(vec![identify(user).prepare(&fixture)]), extras).await
    };
    let record = begin(&fixture, "ana").await;
    let ids = ["ana".to_owned(), "bob".to_owned()];
    assert_eq!(store.forgotten_since(environment, id, &ids).await.unwrap(), [true, false]);
    assert!(matches!(chunk(0, "ana").await, Err(CommitError::Superseded { .. })));
    let subject = record.subject.as_ref().unwrap();
    assert!(store.forget_is_awaited(environment, Uuid::max(), subject).await.unwrap(), "its items name the user");
    chunk(0, "bob").await.unwrap();
    // A bulk operation that is accepted later may.
    let later = store.clock().new_id();
    assert_eq!(store.forgotten_since(environment, later, &ids).await.unwrap(), [false, false]);
    store.bulk_operation_fail(environment, id).await.unwrap();
    assert!(!store.forget_is_awaited(environment, Uuid::max(), subject).await.unwrap());
}

#[tokio::test]
async fn a_run_that_is_expanded_later_has_nothing_of_a_forgotten_user() {
    const USER: &str = "canary-actor-7f3a";
    let fixture = Fixture::new().await;
    let (store, environment) = (&fixture.store, fixture.environment);
    let object = r#""collection":"projects","id":"data.id""#;
    let mappings = [
        mapping("set", "objects_set", &format!(r#"{{{object},"properties":"data.none"}}"#), 1),
        mapping(
            "follow",
            "objects_subscribe",
            &format!(r#"{{{object},"recipients":"data.to","properties":"data.as"}}"#),
            2,
        ),
        mapping("join", "audiences_add_member", r#"{"key":"beta"}"#, 3),
        mapping(
            "post",
            "workflows_trigger",
            &format!(r#"{{"key":"k","recipients":{{{object}}},"actor":"user_id"}}"#),
            4,
        ),
    ];
    let send = async |event_type: &'static str, item: String| {
        fixture.commit(Event::new(event_type, &item).mappings(&mappings)).await.outcome
    };
    assert_eq!(send("set", r#"{"data":{"id":"p"}}"#.to_owned()).await, Outcome::Executed);
    for user in [USER, "eve"] {
        fixture.commit(identify(user)).await;
        let data = format!(r#"{{"id":"p","to":"{user}","as":{{"of":"{user}"}}}}"#);
        assert_eq!(send("follow", format!(r#"{{"data":{data}}}"#)).await, Outcome::Executed);
        assert_eq!(send("join", by(user, "{}")).await, Outcome::Executed);
    }
    assert_eq!(send("post", by(USER, r#"{"id":"p"}"#)).await, Outcome::Executed);
    let is_stored = || {
        let holds = |bytes: &Vec<u8>| bytes.windows(USER.len()).any(|window| window == USER.as_bytes());
        fixture.database.contents().values().any(holds)
    };
    assert!(is_stored());

    let record = begin(&fixture, USER).await;
    // Its subscriptions and memberships are left to the request.
    store.remove_deleted_recipients(100).await.unwrap();
    let counts = walk(&fixture, &record).await.counts;
    assert_eq!((counts.subscriptions, counts.audience_members, counts.runs), (1, 1, 1), "{counts:?}");
    let goal = store.clock().new_id();
    store.forget_set_goal(environment, record.id, goal).await.unwrap();
    store.forget_end_walks(environment, record.id, goal).await.unwrap();
    while !store.overwrite_free_pages(100).await.unwrap() {}
    while !store.truncate_log().await.unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!is_stored());
    let run = runs(&fixture).await.remove(0);
    let share = || vec![ExpansionShare { environment_id: environment, run_id: run.id, limit: 10 }];
    while store.expand_runs(share()).await.unwrap().remove(0).has_more {}
    let recipients = runs(&fixture).await.remove(0).recipients;
    assert_eq!(recipients.iter().map(|recipient| recipient.id.as_str()).collect::<Vec<_>>(), ["p", "eve"]);
    assert!(!is_stored());
}

#[tokio::test]
async fn an_event_of_nobody_loses_a_key_that_is_the_user() {
    let fixture = Fixture::new().await;
    let send = async |key: &str| fixture.commit(Event::new("t", r#"{"data":{"n":1}}"#).key(key)).await.id;
    let [named, other] = [send("ana").await, send("anabel").await];
    let record = begin(&fixture, "ana").await;
    assert_eq!(walk(&fixture, &record).await.counts.raw_bodies, 1);
    assert_eq!(fixture.event(named).await.idempotency_key, None);
    assert_eq!(fixture.event(other).await.idempotency_key.as_deref(), Some("anabel"));
}

#[tokio::test]
async fn an_event_of_nobody_loses_a_hint_that_is_the_user() {
    let fixture = Fixture::new().await;
    let send = async |hint: &str| {
        let mut event = Event::new("t", r#"{"data":{"n":1}}"#).prepare(&fixture);
        event.log.hints = Some(Box::new(Hints { anonymous_id: Some(hint.to_owned()), ..Hints::default() }));
        let id = event.log.id;
        fixture.store.commit(fixture.job(vec![event])).await.unwrap();
        id
    };
    let [named, other] = [send("ana").await, send("anabel").await];
    let record = begin(&fixture, "ana").await;
    assert_eq!(walk(&fixture, &record).await.counts.raw_bodies, 1);
    assert_eq!(fixture.event(named).await.hints, None);
    assert_eq!(fixture.event(other).await.hints.clone().unwrap().anonymous_id.as_deref(), Some("anabel"));
}

#[tokio::test]
async fn what_was_built_of_a_user_and_what_targets_answered_is_blanked_and_nothing_more_is_sent() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("order", "workflows_trigger", r#"{"key":"k","recipients":"data.to"}"#, 1)];
    let target = fixture.target("crm", TargetRouting::of_chunks(2)).await;
    let order = async |sender: &str, to: &str| {
        let item = by(sender, &format!(r#"{{"to":[{to}]}}"#));
        fixture.commit(Event::new("order", &item).mappings(&mappings)).await.run.unwrap()
    };
    let owner = Uuid::now_v7();
    let build = async |claimed: &ClaimedDelivery| {
        let body = StoredBody { content_type: "text/plain".to_owned(), body: "ana".into() };
        let bodies = vec![BuiltDelivery { claim: claimed.claim, body, covered: claimed.delivery.recipients }];
        fixture.turn(DeliveryTurn { bodies, ..DeliveryTurn::new(owner, LONG) }).await.lost.is_empty()
    };
    // Ana as one of two recipients: delivered, waiting for a retry, and never tried. And an event of hers for others.
    let to = r#"{"id":"ana"},{"id":"bo"}"#;
    for _ in 0..2 {
        order("x", to).await;
    }
    let claimed = fixture.claim(owner, target, 10).await;
    for (claimed, next) in claimed.iter().zip([delivered(), retry(LONG)]) {
        assert!(build(claimed).await);
        assert!(fixture.finish(owner, claimed.claim, next).await);
    }
    order("x", to).await;
    order("ana", r#"{"id":"bo"}"#).await;
    let under_way = order("ana", r#"{"id":"cy"}"#).await;
    let open = fixture.claim(owner, target, 10).await;
    let (held, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|claimed| claimed.delivery.run == under_way);
    for claimed in others {
        assert!(fixture.finish(owner, claimed.claim, AttemptNext::HandBack).await);
    }
    let record = begin(&fixture, "ana").await;
    // All but the one that was never tried: its body will be without her.
    assert_eq!(walk(&fixture, &record).await.counts.deliveries, 4);
    assert!(!build(&held[0]).await, "a body that is built meanwhile is not stored");
    assert!(fixture.finish(owner, held[0].claim, retry(Duration::ZERO)).await);
    let left = fixture.deliveries().await;
    let statuses: Vec<&str> = left.iter().map(|listed| listed.delivery.status.as_str()).collect();
    assert_eq!(statuses, ["delivered", "canceled", "pending", "canceled", "canceled"]);
    for listed in &left {
        assert_eq!(fixture.store.delivery_body(listed.delivery.seq).await.unwrap(), None);
        assert_eq!(listed.delivery.last_error.as_deref().unwrap_or_default(), "", "{listed:?}");
        let attempt = listed.last_attempt.as_ref().map(|last| &last.attempt);
        assert!(attempt.is_none_or(|last| last.response_body.is_empty() && last.error.is_none()), "{listed:?}");
    }
    let last = fixture.claim(owner, target, 10).await.remove(0);
    let inputs = fixture.store.delivery_inputs(&last.delivery, 1 << 20).await.unwrap().unwrap();
    assert_eq!(inputs.recipients.iter().map(|recipient| recipient.id.as_str()).collect::<Vec<_>>(), ["bo"]);
    assert_eq!(inputs.covered, 2);
}

#[tokio::test]
async fn records_of_keys_lose_their_text_and_count_wherever_they_are_kept() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("t", "workflows_trigger", r#"{"key":"k","recipients":{"id":"user_id"}}"#, 1)];
    let item = by("ana", "{}");
    let event = |key| Event::new("t", &item).key(key).mappings(&mappings);
    let keys = ["secret-key-1", "secret-key-2", "secret-key-3"];
    for key in keys {
        fixture.commit(event(key)).await;
        if key != keys[2] {
            fixture.end_generation().await;
        }
    }
    let is_stored = || {
        let contents = fixture.database.contents();
        let hex: String = "secret-key".bytes().map(|byte| format!("{byte:02x}")).collect();
        contents.values().any(|rows| {
            rows.windows(10).any(|found| found == b"secret-key")
                || rows.windows(20).any(|found| found == hex.as_bytes())
        })
    };
    assert!(is_stored());
    let record = begin(&fixture, "ana").await;
    assert_eq!(walk(&fixture, &record).await.counts.idempotency_keys, 3);
    let goal = fixture.store.clock().new_id();
    fixture.store.forget_set_goal(fixture.environment, record.id, goal).await.unwrap();
    fixture.store.forget_end_walks(fixture.environment, record.id, goal).await.unwrap();
    while !fixture.store.overwrite_free_pages(100).await.unwrap() {}
    while !fixture.store.truncate_log().await.unwrap() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!is_stored());
    for key in keys {
        assert_eq!(fixture.commit(event(key)).await.outcome, Outcome::Replayed);
    }
}
