//! A rehearsal shows the outcome of a commit, and writes nothing.

use inlet_core::log::Outcome;
use inlet_store::{Cursor, Rehearsal, Store};

use super::support::{Event, Fixture, Unlimited, mapping};

const INLINE: &str = r#"{"key":"welcome","recipients":{"id":"user_id","name":"data.name"}}"#;

async fn rehearse(fixture: &Fixture, events: Vec<Event<'_>>) -> Rehearsal {
    let items = events.into_iter().map(|event| event.prepare(fixture)).collect();
    let before = fixture.database.contents();
    let rehearsal = fixture.store.rehearse(&fixture.job(items)).await.unwrap();
    assert!(fixture.database.contents() == before, "a rehearsal wrote something");
    rehearsal
}

async fn users(store: &Store, environment: i64) -> usize {
    store.users(environment, Cursor::Start, 100, &Unlimited).await.unwrap().unwrap().items.len()
}

#[tokio::test]
async fn it_says_what_a_commit_then_does_and_writes_nothing() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("track/Signed Up", "workflows_trigger", INLINE, 1)];
    let event = |name: &str| Event::new("track/Signed Up", &format!(r#"{{"userId":"u1","data":{{"name":{name}}}}}"#));
    fixture.commit(event("\"Ann\"").mappings(&mappings)).await;

    let rehearsal = rehearse(&fixture, vec![event("1.10").key("k").mappings(&mappings)]).await;
    assert_eq!(rehearsal.settlements[0].outcome, Outcome::Executed);
    assert_eq!((rehearsal.settlements[0].runs().count(), rehearsal.records), (1, 1));
    let [user] = rehearsal.recipients.as_slice() else { panic!("{:?}", rehearsal.recipients) };
    assert_eq!((user.key.id.as_str(), user.before.as_deref()), ("u1", Some(r#"{"name":"Ann"}"#)));
    assert_eq!(user.after.as_deref(), Some(r#"{"name":1.10}"#));

    // The rehearsal does not count: the same key executes, and only then the result differs.
    let first = fixture.commit(event("1.10").key("k").mappings(&mappings)).await;
    assert_eq!(first.outcome, Outcome::Executed);
    let rehearsal = rehearse(&fixture, vec![event("1.10").key("k").mappings(&mappings)]).await;
    assert_eq!(rehearsal.settlements[0].replay_of, Some(first.id));
    assert!(rehearsal.recipients.is_empty() && rehearsal.records == 0);
}

#[tokio::test]
async fn items_see_the_ones_before_them_and_the_next_rehearsal_sees_none_of_them() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("track/Signed Up", "workflows_trigger", r#"{"key":"welcome"}"#, 1)];
    let track = |key| Event::new("track/Signed Up", r#"{"userId":"u1","data":{}}"#).key(key).mappings(&mappings);
    let identify = Event { identifies: true, ..Event::new("identify", r#"{"userId":"u1","data":{"plan":"pro"}}"#) };
    // The first commit makes the files that are compared.
    fixture.commit(Event::new("other", "{}")).await;
    for _ in 0..2 {
        let rehearsal = rehearse(&fixture, vec![track("a"), identify.clone(), track("b"), track("b")]).await;
        let runs: Vec<usize> = rehearsal.settlements.iter().map(|settlement| settlement.runs().count()).collect();
        assert_eq!(runs, [0, 0, 1, 0], "not identified yet, identified, triggered, replayed");
        assert_eq!(rehearsal.settlements[3].outcome, Outcome::Replayed);
        assert_eq!(rehearsal.recipients[0].before, None);
    }
    assert_eq!(users(&fixture.store, fixture.environment).await, 0);
}

#[tokio::test]
async fn more_recipients_than_one_statement_looks_for_are_found() {
    let fixture = Fixture::new().await;
    let to_all = [mapping("e", "workflows_trigger", r#"{"key":"k","recipients":"data.to"}"#, 1)];
    let all = |member: &str| (0..150).map(|n| member.replace('#', &n.to_string())).collect::<Vec<_>>().join(",");
    let item = |to: String| format!(r#"{{"data":{{"to":[{to}]}}}}"#);
    fixture.commit(Event::new("e", &item(all(r##"{"id":"u#","n":#}"##))).mappings(&to_all)).await;
    assert_eq!(users(&fixture.store, fixture.environment).await, 100, "the first page");
    let rehearsal = rehearse(&fixture, vec![Event::new("e", &item(all(r##""u#""##))).mappings(&to_all)]).await;
    assert_eq!(rehearsal.settlements[0].runs().next().unwrap().recipients.len(), 150);
    assert!(rehearsal.recipients.is_empty(), "a reference changes nobody");
    let rehearsal = rehearse(&fixture, vec![Event::new("e", &item(all(r##"{"id":"u#"}"##))).mappings(&to_all)]).await;
    assert_eq!(rehearsal.recipients.len(), 150);
    assert!(rehearsal.recipients.iter().all(|user| user.before.is_some() && user.before == user.after));
}

#[tokio::test]
async fn users_that_would_be_deleted_are_shown_with_what_is_known_of_them() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("delete", "users_delete", "{}", 1)];
    let identify = |data: &str| Event {
        identifies: true,
        ..Event::new("identify", &format!(r#"{{"userId":"u1","data":{data}}}"#))
    };
    let delete = |user: &str| Event::new("delete", &format!(r#"{{"userId":"{user}"}}"#)).mappings(&mappings);
    fixture.commit(identify(r#"{"name":"Ann"}"#)).await;

    let rehearsal = rehearse(&fixture, vec![delete("u1"), delete("stranger")]).await;
    let [user] = rehearsal.recipients.as_slice() else { panic!("{:?}", rehearsal.recipients) };
    assert_eq!(
        (user.key.id.as_str(), user.before.as_deref(), user.after.as_deref()),
        ("u1", Some(r#"{"name":"Ann"}"#), None)
    );
    let rehearsal = rehearse(&fixture, vec![delete("u1"), identify("{}")]).await;
    assert_eq!(rehearsal.recipients[0].after.as_deref(), Some("{}"), "a new user of the same id");
    assert_eq!(users(&fixture.store, fixture.environment).await, 1);
}
