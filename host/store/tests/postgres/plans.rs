//! The plans of a group's statements, of a list by age and of searches. A group's are made once in a session and kept while tables grow, and
//! nobody may have analyzed these yet: so no plan may depend on what PostgreSQL knows about a table's content.

use std::collections::BTreeMap;

use inlet_core::{
    Uuid,
    delivery::TargetRouting,
    log::Outcome,
    mapping::Mapping,
    settle::{Job, Prepared},
    verification::{Covers, Nonce},
};
use inlet_store::{ActionFilter, Cursor, EventQuery, RecipientFilter};

use crate::suite::{
    log_search,
    support::{Event, Fixture, Unlimited, mapping},
};

/// The rows that each large table gets.
const ROWS: u64 = 4000;
/// The most rows that a node of a plan reads. A group of these tests wants a few.
const MOST_ROWS: u64 = 200;

/// Fills the tables that a group looks things up in. `$1` is the environment, `$2` the source environment, `$3` the target.
const FILL: &str = r#"
    INSERT INTO recipients (environment_id, collection, id, created_at_ms, updated_at_ms, properties)
    SELECT {environment}, collection, 'r' || n, n, n, '{"name": "some name of a recipient"}'
    FROM unnest(ARRAY['$users', 'projects', '$tenants']) AS collection, generate_series(1, {rows}) AS n
    ON CONFLICT DO NOTHING;

    INSERT INTO subscriptions (environment_id, object_seq, recipient_seq, created_at_ms, updated_at_ms, properties)
    SELECT {environment}, objects.seq, users.seq, 1, 1, '{}' FROM recipients AS objects, recipients AS users
    WHERE objects.collection = 'projects' AND users.collection = '$users' AND (objects.id = 'r1' OR users.id = 'r1')
    ON CONFLICT DO NOTHING;

    INSERT INTO audience_members (environment_id, audience, user_seq, tenant_id, created_at_ms)
    SELECT {environment}, audience, seq, 0, 1 FROM recipients, (VALUES ('beta'), ('gamma')) AS audiences (audience)
    WHERE collection = '$users'
    UNION ALL
    SELECT {environment}, 'a' || n, seq, 0, 1 FROM recipients, generate_series(1, {rows}) AS n
    WHERE collection = '$users' AND id = 'r1'
    ON CONFLICT DO NOTHING;

    INSERT INTO audience_tenants (environment_id, tenant) SELECT {environment}, 'r' || n FROM generate_series(1, {rows}) AS n
    ON CONFLICT DO NOTHING;

    CREATE TEMPORARY TABLE filled AS
    SELECT n, decode(lpad(to_hex(n), 32, '0'), 'hex') AS id FROM generate_series(1, {rows}) AS n;

    INSERT INTO workflow_runs (environment_id, id, workflow, source_event, recipients_count, cancellation_key, data)
    SELECT {environment}, id, 'k', id, 2, 'o' || n, '{}' FROM filled;
    INSERT INTO workflow_run_recipients (run_id, ordinal, id, is_cancelable)
    SELECT id, ordinal, 'r' || ordinal, 1 FROM filled, generate_series(0, 1) AS ordinal;
    INSERT INTO deliveries (environment_id, id, target_id, run_id, source_event, workflow, call, first_recipient, recipients,
        key, due_at_ms)
    SELECT {environment}, id, {target}, id, id, 'k', 0, 0, 2, id, 1 FROM filled;

    INSERT INTO parked_triggers (environment_id, event_id, mapping, source_environment_id, recipients, workflow,
        cancellation_key, data)
    SELECT {environment}, id, id, {source_environment}, 1, 'k', 'p' || encode(id, 'hex'), '{}' FROM filled;
    INSERT INTO parked_recipients (environment_id, collection, id, event_id, mapping, state, expires_at_ms)
    SELECT {environment}, '$users', 'w' || encode(id, 'hex'), id, id, 0, 4000000000000 FROM filled;

    INSERT INTO idempotency (hash, expires_at_ms, value)
    SELECT sha256(id), 4000000000000, '' FROM filled;
    INSERT INTO idempotency_records (generation, hash, expires_at_ms, value)
    SELECT n % 2 + 1, sha256(id), 4000000000000, '' FROM filled;
    INSERT INTO idempotency_generations (number, began_at_ms) VALUES (2, 0);
    INSERT INTO nonces (hash, expires_at_ms) SELECT sha256(id), 4000000000000 FROM filled;

    INSERT INTO attention (source_environment_id, event_id, open, outcome, code, item, items, retries)
    SELECT {source_environment}, id, 1, 2, 'not_json', 0, 1, 0 FROM filled;
    INSERT INTO event_types (source_environment_id, event_type, count, last_received_at_ms)
    SELECT {source_environment}, 't' || n, 1, 1 FROM generate_series(1, {rows}) AS n;
    INSERT INTO event_logs (source_environment_id, id, outcome, event_type, received_at_ms, occurred_at_us, plugin_id,
        verification_status, original_kind, original)
    SELECT {source_environment}, id, 0, 't', 1, 1, 1, 'verified', 0, '{}' FROM filled;
    INSERT INTO action_logs (event_id, ordinal, id, action_type, status, parameters, found_in, payload)
    SELECT id, 0, id, 'users_identify', 0, '{}', '{}', '{}' FROM filled;
    INSERT INTO resends (source_environment_id, event_id, count, last_at_ms)
    SELECT {source_environment}, id, 1, 1 FROM filled;
"#;

/// A mapping for each kind of action, by its event type.
fn mappings() -> Vec<Mapping> {
    let object = r#""collection":"projects","id":"data.id""#;
    let member = r#"{"key":"beta","user_id":"data.to","tenant":"data.org"}"#;
    let run = r#""key":"k","cancellation_key":"data.order""#;
    [
        ("identify", "users_identify", r#"{"properties":"data"}"#.to_owned()),
        ("delete", "users_delete", "{}".to_owned()),
        ("set", "objects_set", format!("{{{object}}}")),
        ("delete_object", "objects_delete", format!("{{{object}}}")),
        ("set_tenant", "tenants_set", r#"{"id":"data.org"}"#.to_owned()),
        ("delete_tenant", "tenants_delete", r#"{"id":"data.org"}"#.to_owned()),
        ("subscribe", "objects_subscribe", format!(r#"{{{object},"recipients":"data.to"}}"#)),
        ("unsubscribe", "objects_unsubscribe", format!(r#"{{{object},"recipients":"data.to"}}"#)),
        ("add", "audiences_add_member", member.to_owned()),
        ("remove", "audiences_remove_member", member.to_owned()),
        ("trigger", "workflows_trigger", format!(r#"{{{run},"recipients":"data.to","unidentified":"wait"}}"#)),
        ("cancel", "workflows_cancel", format!("{{{run}}}")),
        ("cancel_some", "workflows_cancel", format!(r#"{{{run},"recipients":"data.to"}}"#)),
    ]
    .into_iter()
    .enumerate()
    .map(|(age, (event_type, action, parameters))| mapping(event_type, action, &parameters, age as i64 + 1))
    .collect()
}

/// Events that take every way of a group, about the recipient with a number: event types, users and data.
fn events(number: u64) -> Vec<(&'static str, String, String)> {
    let (user, order, waited) = (format!("r{number}"), format!("o{number}"), format!("w{number:032x}"));
    let recipients = format!(
        r#"[{{"collection":"projects","id":"r{number}"}},{{"collection":"projects","id":"r1"}},"{user}","new{number}"]"#
    );
    [
        ("identify", user.clone(), r#"{"name":"other"}"#.to_owned()),
        ("identify", waited, "{}".to_owned()),
        ("subscribe", user.clone(), format!(r#"{{"id":"r{number}","to":["{user}"]}}"#)),
        ("unsubscribe", user.clone(), format!(r#"{{"id":"r1","to":["{user}"]}}"#)),
        ("add", user.clone(), format!(r#"{{"to":"{user}","org":"r{number}"}}"#)),
        ("remove", user.clone(), format!(r#"{{"to":"{user}"}}"#)),
        ("trigger", user.clone(), format!(r#"{{"to":{recipients},"order":"{order}"}}"#)),
        ("cancel_some", user.clone(), format!(r#"{{"to":["r0"],"order":"{order}"}}"#)),
        ("cancel", user.clone(), format!(r#"{{"order":"{order}"}}"#)),
        ("cancel", user.clone(), format!(r#"{{"order":"p{number:032x}"}}"#)),
        ("set", user.clone(), format!(r#"{{"id":"r{number}"}}"#)),
        ("set_tenant", user.clone(), format!(r#"{{"org":"r{number}"}}"#)),
        ("delete_object", user.clone(), format!(r#"{{"id":"r{}"}}"#, number + 1000)),
        ("delete_tenant", user.clone(), format!(r#"{{"org":"r{}"}}"#, number + 1000)),
        ("delete", format!("r{}", number + 1000), "{}".to_owned()),
        ("nothing", user, "{}".to_owned()),
    ]
    .into()
}

/// Commits a group of all kinds of events, twice: most are carried out, some recognized.
async fn commit_all(fixture: &Fixture, mappings: &[Mapping], number: u64) {
    let digest = [u8::try_from(number % 256).unwrap(); 16];
    let nonce = Nonce { digest, at_ms: 1, until_ms: 4_000_000_000_000, signs_time: true, covers: Covers::All };
    for _ in 0..2 {
        let prepare = |(event_type, user, data): (&str, String, String)| {
            let item = format!(r#"{{"userId":"{user}","data":{data}}}"#);
            let event = Event::new(event_type, &item).mappings(mappings).key(&item);
            Event { identifies: event_type == "identify", ..event }.prepare(fixture)
        };
        let items = events(number).into_iter().map(prepare).chain([rejected(fixture)]).collect();
        let settled = fixture.store.commit(Job { nonce: Some(nonce), ..fixture.job(items) }).await.unwrap();
        assert!(settled.iter().all(|settled| settled.outcome != Outcome::Failed), "{settled:?}");
    }
}

fn rejected(fixture: &Fixture) -> Prepared {
    let mut item = Event::new("", r#"{"a":1}"#).prepare(fixture);
    item.plan = None;
    item.log.outcome = Outcome::Rejected;
    item.log.code = Some("not_json".to_owned());
    item
}

/// Fills the tables. Nobody analyzes them: the server of these tests has no autovacuum.
async fn fill(fixture: &Fixture, target: i64) {
    let fill = FILL
        .replace("{environment}", &fixture.environment.to_string())
        .replace("{source_environment}", &fixture.source_environment.to_string())
        .replace("{target}", &target.to_string())
        .replace("{rows}", &ROWS.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(fill)).execute(&mut fixture.database.connect().await).await.unwrap();
}

/// Lets new connections write the plan of each statement into the server's log, with the rows that each node has read.
async fn log_plans(fixture: &Fixture) {
    for (setting, value) in [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_analyze", "on"),
        ("auto_explain.log_timing", "off"),
        ("auto_explain.log_format", "json"),
        ("auto_explain.log_nested_statements", "on"),
    ] {
        fixture.database.set(setting, value).await;
    }
    fixture.database.end_connections().await;
}

/// Returns the statements that were logged behind so many entries, each with the most rows that a node of its plan read, and the plan.
fn plans(fixture: &Fixture, behind: usize) -> BTreeMap<String, (u64, String)> {
    let mut plans = BTreeMap::new();
    for entry in fixture.database.log().iter().skip(behind) {
        let Some((_, json)) = entry.split_once("plan:\n") else { continue };
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        let text = json["Query Text"].as_str().unwrap().to_owned();
        let plan = serde_json::to_string_pretty(&json["Plan"]).unwrap();
        let rows = most_rows(&json["Plan"]);
        let known = plans.entry(text).or_insert((0, String::new()));
        if rows >= known.0 {
            *known = (rows, plan);
        }
    }
    plans
}

/// Returns the most rows that a node of a plan read, those that its conditions left out included.
fn most_rows(node: &serde_json::Value) -> u64 {
    let number = |name: &str| node[name].as_f64().unwrap_or_default();
    let left_out = ["Filter", "Index Recheck", "Join Filter"].map(|by| number(&format!("Rows Removed by {by}")));
    let rows = (number("Actual Rows") + left_out.iter().sum::<f64>()) * number("Actual Loops");
    let below = node["Plans"].as_array().into_iter().flatten().map(most_rows).max().unwrap_or_default();
    below.max(rows as u64)
}

/// Runs every statement of a group, and checks that none read many rows.
async fn check(fixture: &Fixture, mappings: &[Mapping], number: u64, case: &str) {
    let before = fixture.database.log().len();
    commit_all(fixture, mappings, number).await;
    let plans = plans(fixture, before);
    assert!(plans.len() > 40, "{case}: {:#?}", plans.keys());
    for wanted in ["FROM wanted JOIN recipients USING", "JOIN subscriptions", "JOIN audience_members"] {
        assert!(plans.keys().any(|text| text.contains(wanted)), "{case}: {wanted}: {:#?}", plans.keys());
    }
    let slow: Vec<_> = plans.iter().filter(|(_, (rows, _))| *rows > MOST_ROWS).collect();
    for (text, (rows, plan)) in &slow {
        eprintln!("{case}: {rows} rows\n{text}\n{plan}\n");
    }
    assert!(slow.is_empty(), "{case}: {} statements read more than {MOST_ROWS} rows", slow.len());
}

/// Checks a session that has planned the statements while the tables were empty, and a new one. `first` is what is done with the
/// empty tables.
async fn check_grown(first: &'static str) {
    let (fixture, mappings) = (Fixture::new().await, mappings());
    let target = fixture.target("crm", TargetRouting::of_chunks(100)).await;
    log_plans(&fixture).await;
    let mut administrator = fixture.database.connect().await;
    sqlx::raw_sql(first).execute(&mut administrator).await.unwrap();
    commit_all(&fixture, &mappings, 9000).await;
    fill(&fixture, target).await;
    check(&fixture, &mappings, 10, "planned on empty tables").await;
    fixture.database.end_connections().await;
    check(&fixture, &mappings, 20, "planned on full tables").await;
}

#[tokio::test]
async fn no_statement_of_a_group_reads_more_of_tables_that_were_never_analyzed() {
    check_grown("").await;
}

#[tokio::test]
async fn no_statement_of_a_group_reads_more_of_tables_that_were_empty_when_they_were_analyzed() {
    check_grown("VACUUM ANALYZE").await;
}

/// The partial index by age is used by those whose condition names its own.
#[tokio::test]
async fn a_list_by_age_reads_a_page() {
    let fixture = Fixture::new().await;
    let target = fixture.target("crm", TargetRouting::of_chunks(100)).await;
    fill(&fixture, target).await;
    log_plans(&fixture).await;
    let before = fixture.database.log().len();
    for cursor in [Cursor::Start, Cursor::Before(10)] {
        let page = fixture.store.users(fixture.environment, cursor, 25, &Unlimited).await.unwrap().unwrap();
        assert_eq!(page.items.len(), 25);
    }
    fixture.store.users_by_text(fixture.environment, "r1", Cursor::Start, 25, &Unlimited).await.unwrap().unwrap();
    fixture.store.users_by_email(fixture.environment, "a@example.com", 10).await.unwrap();
    let plans = plans(&fixture, before);
    let lists: Vec<_> = plans.iter().filter(|(text, _)| text.contains("seq > 0")).collect();
    assert!(lists.len() >= 7, "{lists:#?}");
    for (text, (_, plan)) in lists {
        assert!(plan.contains("recipients_by_age"), "{text}\n{plan}");
    }
}

/// Commits event logs, 100 in a transaction, and indexes them: two segments, and a rest of 616 events. Nine events have the user `rare`, each
/// of the others a user of its own.
async fn fill_logs(fixture: &Fixture) {
    let mappings = [mapping("track/Mapped", "workflows_trigger", r#"{"key":"k","recipients":"data.to"}"#, 1)];
    for hundred in 0..170 {
        let prepare = |number| {
            let (event_type, user, key) = match number {
                7 if hundred % 20 == 3 => ("track/Mapped", "rare".to_owned(), format!("rare-{hundred}")),
                _ => ("track/Usual", format!("u{hundred}-{number}"), format!("key-{hundred}-{number}")),
            };
            let item = format!(r#"{{"userId":"{user}","data":{{"to":[{{"id":"{user}"}}]}}}}"#);
            Event::new(event_type, &item).mappings(&mappings).key(&key).prepare(fixture)
        };
        fixture.store.commit(fixture.job((0..100).map(prepare).collect())).await.unwrap();
    }
    assert_eq!(log_search::index(fixture).await, 2);
}

/// A search reads the event logs that the index names, and those that no segment has yet.
#[tokio::test]
async fn a_search_reads_the_event_logs_of_its_hits() {
    // Events of one transaction share the prefix by which a hit names them, so a hit stands for 100.
    const MOST: u64 = 1400;
    let fixture = Fixture::new().await;
    fill_logs(&fixture).await;
    let all = || EventQuery::newest(vec![fixture.source_environment], 3);
    let recipient = || Some(RecipientFilter { collection: None, id: "rare".to_owned() });
    let of_rare = ActionFilter { recipient: recipient(), workflow: Some("k".to_owned()), ..ActionFilter::default() };
    let searches = [
        ("user", 3, EventQuery { user_id: Some("rare".to_owned()), ..all() }),
        ("oldest", 3, EventQuery { user_id: Some("rare".to_owned()), cursor: Cursor::Before(Uuid::nil()), ..all() }),
        ("nobody", 0, EventQuery { user_id: Some("nobody".to_owned()), ..all() }),
        ("key", 1, EventQuery { idempotency_key: Some("rare-43".to_owned()), ..all() }),
        ("type", 3, EventQuery { event_types: vec!["track/Mapped".to_owned()], ..all() }),
        ("recipient", 3, EventQuery { recipient: recipient(), ..all() }),
        (
            "user and outcome",
            3,
            EventQuery {
                user_id: Some("rare".to_owned()),
                outcomes: vec![Outcome::Executed, Outcome::Failed],
                ..all()
            },
        ),
        ("actions", 3, EventQuery { action: Some(of_rare), ..all() }),
    ];
    log_plans(&fixture).await;
    let mut administrator = fixture.database.connect().await;
    for analyzed in ["", "VACUUM ANALYZE"] {
        sqlx::raw_sql(analyzed).execute(&mut administrator).await.unwrap();
        for (name, found, query) in &searches {
            let before = fixture.database.log().len();
            let list = fixture.store.event_list(query, &Unlimited).await.unwrap().unwrap();
            assert_eq!(list.page.items.len(), *found, "{name}");
            let plans = plans(&fixture, before);
            assert!(plans.keys().any(|text| text.contains("log_search")), "{name}: {:#?}", plans.keys());
            for (text, (rows, plan)) in &plans {
                assert!(*rows <= MOST, "{name}, {analyzed}: {rows} rows\n{text}\n{plan}");
            }
        }
    }
}
