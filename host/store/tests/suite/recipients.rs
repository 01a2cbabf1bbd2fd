//! Users and workflow runs.

use std::time::Duration;

use inlet_core::{Uuid, log::Status};
use inlet_store::{Cursor, RunQuery};

use super::support::{Event, Fixture, Unlimited, mapping};

pub fn identify<'a>(item: &str) -> Event<'a> {
    Event { identifies: true, ..Event::new("identify", item) }
}

#[tokio::test]
async fn users_are_merged_across_requests_and_restarts() {
    let fixture = Fixture::new().await;
    fixture.commit(identify(r#"{"userId":"u1","data":{"name":"Ann","address":{"city":"Ghent"}}}"#)).await;
    let before = fixture.store.user(fixture.environment, "u1", &Unlimited).await.unwrap().unwrap().unwrap();
    let fixture = fixture.reopen().await;
    fixture.commit(identify(r#"{"userId":"u1","data":{"total":9007199254740993,"address":{"zip":1.10}}}"#)).await;
    let after = fixture.store.user(fixture.environment, "u1", &Unlimited).await.unwrap().unwrap().unwrap();
    assert_eq!(after.properties, r#"{"name":"Ann","address":{"city":"Ghent","zip":1.10},"total":9007199254740993}"#);
    assert_eq!((after.seq, after.created_at_ms), (before.seq, before.created_at_ms));
    assert!(after.updated_at_ms >= before.updated_at_ms);
    assert_eq!(
        fixture.store.user(fixture.environment + 1, "u1", &Unlimited).await.unwrap(),
        Some(None),
        "environments are apart"
    );
}

#[tokio::test]
async fn users_are_listed_newest_first_both_ways() {
    let fixture = Fixture::new().await;
    for number in 0..7 {
        fixture.commit(identify(&format!(r#"{{"userId":"u{number}","data":{{}}}}"#))).await;
    }
    let ids = |page: &inlet_store::Page<inlet_store::RecipientRecord>| {
        page.items.iter().map(|user| user.id.clone()).collect::<Vec<_>>()
    };
    let first = fixture.store.users(fixture.environment, Cursor::Start, 3, &Unlimited).await.unwrap().unwrap();
    assert_eq!(
        (ids(&first), first.has_before, first.has_after),
        (vec!["u6".into(), "u5".into(), "u4".into()], false, true)
    );
    let next = Cursor::After(first.items[2].seq);
    let second = fixture.store.users(fixture.environment, next, 4, &Unlimited).await.unwrap().unwrap();
    assert_eq!(second.items.len(), 4);
    assert_eq!((second.has_before, second.has_after), (true, false));
    let back = Cursor::Before(second.items[0].seq);
    assert_eq!(fixture.store.users(fixture.environment, back, 3, &Unlimited).await.unwrap().unwrap(), first);
}

#[tokio::test]
async fn a_run_has_its_first_recipients_and_pages_of_all() {
    let fixture = Fixture::new().await;
    let mappings =
        [mapping("order", "workflows_trigger", r#"{"key":"paid","recipients":"data.to","actor":"user_id"}"#, 1)];
    let to: Vec<String> =
        (0..250).map(|number| format!(r#"{{"id":"u{number}","$trigger_data":{{"n":{number}}}}}"#)).collect();
    let item = format!(r#"{{"userId":"boss","data":{{"to":[{}],"amount":1.10}}}}"#, to.join(","));
    let settled = fixture.commit(Event::new("order", &item).mappings(&mappings)).await;
    let query = RunQuery {
        environment_id: fixture.environment,
        cursor: Cursor::Start,
        limit: 10,
        workflow: Some("paid".to_owned()),
        source_event: Some(settled.id),
    };
    let run = fixture.store.runs(&query, &Unlimited).await.unwrap().unwrap().items.remove(0);
    assert_eq!((run.recipients_count, run.recipients.len()), (250, 100));
    assert_eq!(run.actor.as_deref(), Some(r#""boss""#));
    assert_eq!(run.source_event, settled.id);
    assert!(run.inserted_at_ms() > 1_700_000_000_000);
    assert_eq!(fixture.store.run(fixture.environment, run.id, &Unlimited).await.unwrap().unwrap().as_ref(), Some(&run));
    assert_eq!(fixture.store.run(fixture.environment + 1, run.id, &Unlimited).await.unwrap().unwrap(), None);

    let mut cursor = Cursor::Start;
    let mut found = Vec::new();
    loop {
        let page =
            fixture.store.run_recipients(fixture.environment, run.id, cursor, 100, &Unlimited).await.unwrap().unwrap();
        cursor = Cursor::After(page.items.last().unwrap().ordinal);
        found.extend(page.items);
        if !page.has_after {
            break;
        }
    }
    assert_eq!(found.len(), 250);
    assert_eq!(found[..100], run.recipients[..]);
    let data = found[249].trigger_data.as_ref().and_then(|data| data.content.as_deref());
    assert_eq!((found[249].id.as_str(), data), ("u249", Some(r#"{"n":249}"#)));
    let back = fixture
        .store
        .run_recipients(fixture.environment, run.id, Cursor::Before(100), 10, &Unlimited)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((back.items[0].ordinal, back.items[9].ordinal), (90, 99));

    let elsewhere = RunQuery { workflow: Some("other".to_owned()), ..query.clone() };
    assert!(fixture.store.runs(&elsewhere, &Unlimited).await.unwrap().unwrap().items.is_empty());
    let by_another = RunQuery { source_event: Some(Uuid::now_v7()), ..query };
    assert!(fixture.store.runs(&by_another, &Unlimited).await.unwrap().unwrap().items.is_empty());
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_comes_back_as_a_new_one() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("delete", "users_delete", "{}", 1)];
    let delete = || Event::new("delete", r#"{"userId":"u1"}"#).mappings(&mappings);
    let user = async |id: &str| fixture.store.user(fixture.environment, id, &Unlimited).await.unwrap().unwrap();
    fixture.commit(identify(r#"{"userId":"u1","data":{"name":"Ann","plan":"pro"}}"#)).await;
    fixture.commit(identify(r#"{"userId":"u2","data":{}}"#)).await;
    let before = user("u1").await.unwrap();

    let settled = fixture.commit(delete()).await;
    let action = fixture.event(settled.id).await.actions.remove(0);
    assert_eq!((action.action_type.as_str(), action.status), ("users_delete", Status::Success));
    assert_eq!(user("u1").await, None);
    assert!(user("u2").await.is_some(), "only the user of the event is deleted");

    tokio::time::sleep(Duration::from_millis(2)).await;
    fixture.commit(identify(r#"{"userId":"u1","data":{"name":"Bo"}}"#)).await;
    let after = user("u1").await.unwrap();
    assert_eq!(after.properties, r#"{"name":"Bo"}"#);
    assert!(after.seq > before.seq && after.created_at_ms > before.created_at_ms);

    // Deleted and created again within one transaction: still a new one.
    tokio::time::sleep(Duration::from_millis(2)).await;
    fixture.commit_all(vec![delete(), identify(r#"{"userId":"u1","data":{"name":"Cy"}}"#)]).await;
    let again = user("u1").await.unwrap();
    assert_eq!(again.properties, r#"{"name":"Cy"}"#);
    assert!(again.created_at_ms > after.created_at_ms);
}

#[tokio::test]
async fn more_users_than_one_statement_takes_are_deleted() {
    let fixture = Fixture::new().await;
    let mappings = [mapping("delete", "users_delete", "{}", 1)];
    let item = |number: usize| format!(r#"{{"userId":"u{number}","data":{{}}}}"#);
    fixture.commit_all((0..150).map(|number| identify(&item(number))).collect()).await;
    let delete = |number: usize| Event::new("delete", &item(number)).mappings(&mappings);
    fixture.commit_all((1..150).map(delete).collect()).await;
    let left = fixture.store.users(fixture.environment, Cursor::Start, 100, &Unlimited).await.unwrap().unwrap();
    assert_eq!(left.items.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), ["u0"]);
}

fn ids(users: &[inlet_store::RecipientRecord]) -> Vec<&str> {
    users.iter().map(|user| user.id.as_str()).collect()
}

#[tokio::test]
async fn users_are_found_by_the_beginning_of_their_ids() {
    let fixture = Fixture::new().await;
    for id in ["b1", "a2", "a1", "c", "a%", "a", "é1", "A3"] {
        fixture.commit(identify(&format!(r#"{{"userId":"{id}","data":{{}}}}"#))).await;
    }
    let find = async |prefix: &str, cursor: Cursor<String>, limit| {
        fixture.store.users_by_prefix(fixture.environment, prefix, &cursor, limit, &Unlimited).await.unwrap().unwrap()
    };
    let all = find("a", Cursor::Start, 10).await;
    assert_eq!((ids(&all.items), all.has_before, all.has_after), (vec!["a", "a%", "a1", "a2"], false, false));
    let next = find("a", Cursor::After("a%".to_owned()), 1).await;
    assert_eq!((ids(&next.items), next.has_before, next.has_after), (vec!["a1"], true, true));
    let back = find("a", Cursor::Before("a1".to_owned()), 1).await;
    assert_eq!((ids(&back.items), back.has_before, back.has_after), (vec!["a%"], true, true));
    assert_eq!(ids(&find("é", Cursor::Start, 10).await.items), ["é1"]);
    assert!(find("d", Cursor::Start, 10).await.items.is_empty());
    let elsewhere = fixture.environment + 1;
    let page = fixture.store.users_by_prefix(elsewhere, "a", &Cursor::Start, 10, &Unlimited).await.unwrap().unwrap();
    assert!(page.items.is_empty(), "environments are apart");
}

#[tokio::test]
async fn a_text_is_searched_in_ids_names_and_email_addresses_both_ways() {
    let fixture = Fixture::new().await;
    for number in 0..9 {
        let name = if number % 2 == 0 { "Ana Smith" } else { "Bo" };
        let data = format!(r#"{{"name":"{name}","email":"U{number}@Example.com","plan":"smith"}}"#);
        fixture.commit(identify(&format!(r#"{{"userId":"u{number}","data":{data}}}"#))).await;
    }
    let find = async |text: &str, cursor, limit| {
        fixture.store.users_by_text(fixture.environment, text, cursor, limit, &Unlimited).await.unwrap().unwrap()
    };
    let first = find("SMITH", Cursor::Start, 2).await;
    assert_eq!((ids(&first.users), first.looked_at), (vec!["u8", "u6"], 3), "a full page ends at its last user");
    assert_eq!(first.newer, None);
    let second = find("smith", Cursor::After(first.older.unwrap()), 2).await;
    assert_eq!((ids(&second.users), second.looked_at), (vec!["u4", "u2"], 4));
    let last = find("smith", Cursor::After(second.older.unwrap()), 2).await;
    assert_eq!((ids(&last.users), last.older), (vec!["u0"], None));
    let back = find("smith", Cursor::Before(last.newer.unwrap()), 2).await;
    assert_eq!(ids(&back.users), ["u4", "u2"]);
    let top = find("smith", Cursor::Before(back.newer.unwrap()), 5).await;
    assert_eq!((ids(&top.users), top.newer), (vec!["u8", "u6"], None));
    assert_eq!(ids(&find("u3@example", Cursor::Start, 5).await.users), ["u3"]);
    assert_eq!(ids(&find("u5", Cursor::Start, 5).await.users), ["u5"], "an id holds it");
    let nothing = find("plan", Cursor::Start, 5).await;
    assert_eq!((nothing.users.len(), nothing.looked_at, nothing.older), (0, 9, None));
    fixture.commit(identify(r#"{"userId":"escaped","data":{"name":"Jos\u00e9 \"Pepe\""}}"#)).await;
    for text in ["josé", r#""pepe""#, "jos\u{e9} \"P"] {
        assert_eq!(ids(&find(text, Cursor::Start, 5).await.users), ["escaped"], "{text}");
    }
    assert!(find("u00e9", Cursor::Start, 5).await.users.is_empty(), "an escape is no text");
    let large = format!(r#"{{"userId":"large","data":{{"name":"Smith","x":"{}"}}}}"#, "x".repeat(40_000));
    fixture.commit(identify(&large)).await;
    assert_eq!(ids(&find("smith", Cursor::Start, 1).await.users), ["u8"], "long properties are not searched");
    assert_eq!(ids(&find("larg", Cursor::Start, 1).await.users), ["large"]);
}
