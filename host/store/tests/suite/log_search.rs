//! Searching event logs: the index finds what a look at every event finds.

use inlet_core::{
    Uuid,
    log::{Outcome, Status},
    settle::Prepared,
};
use inlet_store::{ActionFilter, Cursor, EventQuery, LogSegment, ReadMemory, RecipientFilter, TextSearch};

use super::support::{Event, Fixture, log, mapping, source};

/// The events of a segment.
const SEGMENT: usize = 8192;
/// Later than every event.
const LATER_MS: i64 = 1 << 47;

/// Writes a segment in slices, as the job does.
async fn write(fixture: &Fixture, segment: &LogSegment) {
    let number = fixture.store.begin_log_segment(100).await.unwrap().unwrap();
    for entries in segment.entries.chunks(1000) {
        fixture.store.add_log_entries(number, entries.to_vec()).await.unwrap();
    }
    fixture.store.finish_log_segment(number, segment).await.unwrap();
}

/// Indexes everything that fills a segment; returns the number of segments.
pub async fn index(fixture: &Fixture) -> usize {
    let mut segments = 0;
    while let Some(segment) = fixture.store.unindexed_logs(fixture.source_environment, Uuid::max()).await.unwrap() {
        write(fixture, &segment).await;
        segments += 1;
    }
    segments
}

/// Commits events: most are alike, and a few have a user, a key, a type, an outcome or a recipient of their own.
async fn commit(fixture: &Fixture, count: usize) {
    let trigger = r#"{"key":"k","recipients":"data.to"}"#;
    let mappings = [mapping("track/Mapped", "workflows_trigger", trigger, 1)];
    let mut items: Vec<Prepared> = Vec::new();
    for number in 0..count {
        let (event_type, item, key) = match number % 2000 {
            7 => ("track/Rare", r#"{"userId":"rare","data":{}}"#.to_owned(), Some("rare-key")),
            77 => ("track/Mapped", r#"{"userId":"m","data":{"to":["ann",{"id":"ben"}]}}"#.to_owned(), None),
            78 => ("track/Mapped", r#"{"userId":"m","data":{"to":[{"collection":"c","id":"ann"}]}}"#.to_owned(), None),
            79 => ("track/Mapped", r#"{"userId":"m","data":{"to":7}}"#.to_owned(), None),
            _ => ("track/Usual", format!(r#"{{"userId":"u{}","data":{{}}}}"#, number % 3), None),
        };
        let event = Event::new(event_type, &item).mappings(&mappings);
        let mut prepared = match key {
            Some(key) => event.key(&format!("{key}-{number}")).prepare(fixture),
            None => event.prepare(fixture),
        };
        if number % 2000 == 99 {
            prepared.log.outcome = Outcome::Rejected;
            prepared.log.code = Some("no_event_type".to_owned());
            prepared.plan = None;
        }
        items.push(prepared);
        if items.len() == 1000 || number + 1 == count {
            fixture.store.commit(fixture.job(std::mem::take(&mut items))).await.unwrap();
        }
    }
}

/// Selects actions of a workflow that ended so.
fn of_workflow(workflow: &str, status: Option<Status>) -> ActionFilter {
    ActionFilter { workflow: Some(workflow.to_owned()), status, ..ActionFilter::default() }
}

fn searches(fixture: &Fixture) -> Vec<(&'static str, EventQuery)> {
    let all = || EventQuery::newest(vec![fixture.source_environment], 5);
    let recipient = |collection: Option<&str>, id: &str| {
        Some(RecipientFilter { collection: collection.map(str::to_owned), id: id.to_owned() })
    };
    let types = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    vec![
        ("rare user", EventQuery { user_id: Some("rare".to_owned()), ..all() }),
        ("frequent user", EventQuery { user_id: Some("u1".to_owned()), ..all() }),
        ("no user", EventQuery { user_id: Some("nobody".to_owned()), ..all() }),
        ("key", EventQuery { idempotency_key: Some("rare-key-2007".to_owned()), ..all() }),
        ("failed", EventQuery { outcomes: vec![Outcome::Failed], ..all() }),
        ("failed or rejected", EventQuery { outcomes: vec![Outcome::Failed, Outcome::Rejected], ..all() }),
        ("frequent outcome", EventQuery { outcomes: vec![Outcome::Logged], ..all() }),
        ("code", EventQuery { code: Some("no_event_type".to_owned()), ..all() }),
        ("type", EventQuery { event_types: types(&["Rare", "track/Rare"]), ..all() }),
        ("status", EventQuery { action_status: Some(Status::Error), ..all() }),
        ("skipped", EventQuery { recipient: recipient(None, "ann"), ..all() }),
        ("reached", EventQuery { recipient: recipient(None, "ben"), ..all() }),
        ("object", EventQuery { recipient: recipient(Some("c"), "ann"), ..all() }),
        (
            "frequent and rare",
            EventQuery { outcomes: vec![Outcome::Logged], event_types: types(&["track/Rare"]), ..all() },
        ),
        ("attention", EventQuery { needs_attention: true, ..all() }),
        (
            "attention and frequent",
            EventQuery {
                needs_attention: true,
                user_id: Some("m".to_owned()),
                outcomes: vec![Outcome::Failed],
                ..all()
            },
        ),
        ("action of a workflow", EventQuery { action: Some(of_workflow("k", None)), ..all() }),
        ("failed action of a workflow", EventQuery { action: Some(of_workflow("k", Some(Status::Error))), ..all() }),
        ("action of another workflow", EventQuery { action: Some(of_workflow("l", None)), ..all() }),
        ("any action", EventQuery { action: Some(ActionFilter::default()), ..all() }),
        (
            "action of a type with a recipient",
            EventQuery {
                action: Some(ActionFilter {
                    action_type: Some("workflows_trigger".to_owned()),
                    recipient: recipient(None, "ben"),
                    ..ActionFilter::default()
                }),
                ..all()
            },
        ),
        ("attention elsewhere", EventQuery { needs_attention: true, user_id: Some("rare".to_owned()), ..all() }),
        (
            "nothing has both",
            EventQuery { code: Some("no_event_type".to_owned()), user_id: Some("rare".to_owned()), ..all() },
        ),
    ]
}

/// Returns the ids of all pages, in the order of the list, going on from the newest or back from the oldest.
async fn all_pages(fixture: &Fixture, query: &EventQuery, backwards: bool) -> Vec<Uuid> {
    let mut found = Vec::new();
    let mut cursor = if backwards { Cursor::Before(Uuid::nil()) } else { Cursor::Start };
    loop {
        let page = fixture.store.events(&EventQuery { cursor, ..query.clone() }).await.unwrap();
        let ids: Vec<Uuid> = page.items.iter().map(|event| event.id).collect();
        let (edge, has_more) = match backwards {
            true => (ids.first().copied(), page.has_before),
            false => (ids.last().copied(), page.has_after),
        };
        match backwards {
            true => found.splice(0..0, ids),
            false => found.splice(found.len()..found.len(), ids),
        };
        match edge {
            // Frequent values have a thousand pages.
            Some(edge) if has_more && found.len() < 60 => {
                cursor = if backwards { Cursor::Before(edge) } else { Cursor::After(edge) };
            }
            _ => return found,
        }
    }
}

#[tokio::test]
async fn a_search_finds_the_same_before_and_after_the_logs_are_indexed() {
    let fixture = Fixture::new().await;
    // A source of the same environment, whose events are none of this one's.
    fixture.store.source_create(source("other", &[fixture.environment]), log("upsertSource")).await.unwrap();
    commit(&fixture, 2 * SEGMENT + 3000).await;
    let mut expected = Vec::new();
    for (name, query) in searches(&fixture) {
        let (forwards, backwards) = (all_pages(&fixture, &query, false).await, all_pages(&fixture, &query, true).await);
        assert!(forwards.is_sorted_by(|a, b| a > b) && backwards.is_sorted_by(|a, b| a > b), "{name}");
        expected.push((forwards, backwards));
    }
    assert_eq!(index(&fixture).await, 2);
    for ((name, query), (forwards, backwards)) in searches(&fixture).into_iter().zip(&expected) {
        assert_eq!(&all_pages(&fixture, &query, false).await, forwards, "{name}");
        assert_eq!(&all_pages(&fixture, &query, true).await, backwards, "{name}");
    }
    let counts: Vec<usize> = expected.iter().map(|(forwards, _)| forwards.len()).collect();
    assert_eq!(counts, [10, 60, 0, 1, 10, 20, 60, 10, 10, 10, 10, 10, 10, 10, 20, 10, 30, 10, 0, 30, 10, 0, 0]);

    // The times of a query cut segments.
    let (_, failed) = searches(&fixture).swap_remove(4);
    let ids = all_pages(&fixture, &failed, false).await;
    let ms = |id: Uuid| (id.as_u128() >> 80) as i64;
    let query = EventQuery { starting_at_ms: Some(ms(ids[6])), ending_at_ms: Some(ms(ids[2])), ..failed };
    let found = all_pages(&fixture, &query, false).await;
    assert!(!found.is_empty() && found.iter().all(|id| (ms(ids[6])..ms(ids[2])).contains(&ms(*id))), "{found:?}");
}

/// Two filters of which each selects every other event meet in the oldest one only.
#[tokio::test]
async fn filters_that_rarely_meet_look_at_a_bounded_number_of_events_and_the_next_page_goes_on() {
    let fixture = Fixture::new().await;
    let one = |user: &str, outcome: Outcome| {
        let mut prepared =
            Event::new("track/Noted", &format!(r#"{{"userId":"{user}","data":{{}}}}"#)).prepare(&fixture);
        prepared.log.outcome = outcome;
        prepared.plan = None;
        prepared
    };
    let count = 12_000;
    fixture.store.commit(fixture.job(vec![one("a", Outcome::Rejected)])).await.unwrap();
    for _ in 0..count / 1000 {
        let pair = |_| [one("a", Outcome::Logged), one("b", Outcome::Rejected)];
        fixture.store.commit(fixture.job((0..500).flat_map(pair).collect())).await.unwrap();
    }
    let list = async |cursor: Cursor<Uuid>| {
        let both = EventQuery {
            user_id: Some("a".to_owned()),
            outcomes: vec![Outcome::Rejected],
            cursor,
            ..EventQuery::newest(vec![fixture.source_environment], 5)
        };
        fixture.store.event_list(&both, &Unbounded).await.unwrap().unwrap()
    };
    for indexed in [false, true] {
        assert!(!indexed || index(&fixture).await == 1);
        let first = list(Cursor::Start).await;
        let edge = first.edge.unwrap();
        assert_eq!((first.page.items.len(), first.page.has_after), (0, true), "{indexed}");
        assert_eq!(edge.entries, 10_000, "{indexed}");
        let last = list(Cursor::After(edge.last)).await;
        assert_eq!((last.page.items.len(), last.page.has_after, last.edge), (1, false, None), "{indexed}");
        let oldest = last.page.items[0].id;
        let newer = list(Cursor::Before(oldest)).await;
        let edge = newer.edge.unwrap();
        assert!(newer.page.items.is_empty() && newer.page.has_before && edge.last > oldest, "{indexed}");
        let newest = list(Cursor::Before(edge.last)).await;
        assert_eq!((newest.page.items.len(), newest.page.has_before, newest.edge), (0, false, None), "{indexed}");
        let alone =
            EventQuery { outcomes: vec![Outcome::Rejected], ..EventQuery::newest(vec![fixture.source_environment], 5) };
        let alone = fixture.store.event_list(&alone, &Unbounded).await.unwrap().unwrap();
        assert_eq!((alone.page.items.len(), alone.edge), (5, None), "a single filter is never cut short");
    }
}

/// A search compares the texts of results before it parses them.
#[tokio::test]
async fn a_recipient_is_found_whatever_is_in_the_id() {
    let fixture = Fixture::new().await;
    let trigger = r#"{"key":"k","recipients":"data.to"}"#;
    let mappings = [mapping("track/Mapped", "workflows_trigger", trigger, 1)];
    let ids = [r#"a"b"#, r"a\b", "ümläut €", "\u{2028}", "𝄞", "%_*?[", "a b"];
    for id in ids {
        let item = serde_json::json!({"userId": "u", "data": {"to": [id]}}).to_string();
        let event = Event::new("track/Mapped", &item).mappings(&mappings).prepare(&fixture);
        fixture.store.commit(fixture.job(vec![event])).await.unwrap();
    }
    for id in ids {
        let recipient = Some(RecipientFilter { collection: None, id: id.to_owned() });
        let query = EventQuery { recipient, ..EventQuery::newest(vec![fixture.source_environment], 5) };
        assert_eq!(fixture.store.events(&query).await.unwrap().items.len(), 1, "{id:?}");
    }
}

#[tokio::test]
async fn a_stopped_segment_is_begun_again_and_a_pruned_one_is_removed() {
    let fixture = Fixture::new().await;
    commit(&fixture, SEGMENT).await;
    assert!(fixture.store.has_unindexed_logs(fixture.source_environment, Uuid::max()).await.unwrap());
    assert!(
        !fixture.store.has_unindexed_logs(fixture.source_environment, Uuid::nil()).await.unwrap(),
        "they are not settled"
    );
    let segment = fixture.store.unindexed_logs(fixture.source_environment, Uuid::max()).await.unwrap().unwrap();
    let number = fixture.store.begin_log_segment(10).await.unwrap().unwrap();
    fixture.store.add_log_entries(number, segment.entries[..15].to_vec()).await.unwrap();
    let fixture = fixture.reopen().await;
    let mut begun = Vec::new();
    for _ in 0..3 {
        begun.push(fixture.store.begin_log_segment(10).await.unwrap());
    }
    assert_eq!(begun, [None, None, Some(number)], "what is left goes in slices");
    write(&fixture, &segment).await;
    assert!(!fixture.store.has_prunable_log_segments().await.unwrap());
    while fixture.store.prune(fixture.environment, LATER_MS, 1000).await.unwrap().events > 0 {}
    assert!(fixture.store.has_prunable_log_segments().await.unwrap());
    let mut rows = 0;
    loop {
        match fixture.store.prune_log_segments(1000).await.unwrap() {
            0 => break,
            pruned => rows += pruned,
        }
    }
    assert_eq!(rows, segment.entries.len() as u64 + 1);
    assert!(!fixture.store.has_prunable_log_segments().await.unwrap());
}

#[tokio::test]
async fn the_index_of_a_deleted_source_goes_with_its_logs() {
    let fixture = Fixture::new().await;
    commit(&fixture, SEGMENT).await;
    assert_eq!(index(&fixture).await, 1);
    let id = fixture.store.sources().await.unwrap()[0].id;
    fixture.store.source_delete(id, log("deleteSource")).await.unwrap();
    while fixture.store.prune_deleted(1000).await.unwrap() > 0 {}
    assert!(!fixture.store.has_prunable_log_segments().await.unwrap(), "no segment is left");
    assert_eq!(fixture.store.begin_log_segment(1).await.unwrap(), Some(1), "no entry is left");
}

/// Memory without a bound.
struct Unbounded;

impl ReadMemory for Unbounded {
    fn reserve(&self, _: u64) -> bool {
        true
    }
}

/// Returns the users of the events that a page of a search finds, with what it says.
async fn search(fixture: &Fixture, text: &str, cursor: Cursor<Uuid>) -> (Vec<String>, TextSearch) {
    let query = EventQuery { cursor, ..EventQuery::newest(vec![fixture.source_environment], 5) };
    let found = fixture.store.search_events(&query, text, &Unbounded).await.unwrap().unwrap();
    let users = found.page.items.iter().map(|event| event.user_id.clone().unwrap_or_default()).collect();
    (users, found)
}

#[tokio::test]
async fn a_text_is_searched_in_a_bounded_number_of_events_and_the_next_page_goes_on() {
    let fixture = Fixture::new().await;
    let one = |user: &str, text: &str| {
        let item = format!(r#"{{"userId":"{user}","data":{{"note":"{text}"}}}}"#);
        Event::new("track/Noted", &item).prepare(&fixture)
    };
    fixture.store.commit(fixture.job(vec![one("oldest", "a Needle here")])).await.unwrap();
    commit(&fixture, TextSearch::MAX_LOOKED_AT).await;
    let newest = vec![one("first", "NEEDLE"), one("second", "nothing"), one("needle-user", "nothing")];
    fixture.store.commit(fixture.job(newest)).await.unwrap();

    let (users, found) = search(&fixture, "needle", Cursor::Start).await;
    assert_eq!(users, ["needle-user", "first"], "letters in either case, in the item and in the fields");
    assert_eq!((found.looked_at, found.next), (TextSearch::MAX_LOOKED_AT, found.last_looked_at));
    let (users, last) = search(&fixture, "needle", Cursor::After(found.next.unwrap())).await;
    assert_eq!((users, last.looked_at, last.next), (vec!["oldest".to_owned()], 4, None));
    let (users, back) = search(&fixture, "needle", Cursor::Before(last.page.items[0].id)).await;
    assert!(users.is_empty(), "{users:?}");
    assert_eq!((back.looked_at, back.next), (TextSearch::MAX_LOOKED_AT, back.last_looked_at));
    let (users, newer) = search(&fixture, "needle", Cursor::Before(back.next.unwrap())).await;
    assert_eq!((users, newer.looked_at, newer.next), (vec!["needle-user".to_owned(), "first".to_owned()], 3, None));

    // A full page ends where it is full.
    let (users, full) = search(&fixture, "userId", Cursor::Start).await;
    assert_eq!((users.len(), full.looked_at, full.next), (5, 6, full.page.items.last().map(|event| event.id)));
    let (none, whole) = search(&fixture, "%_*", Cursor::Start).await;
    assert_eq!((none.len(), whole.looked_at), (0, TextSearch::MAX_LOOKED_AT), "a text is no pattern");
}
