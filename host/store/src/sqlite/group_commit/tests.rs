//! Both ways to run statements write the same rows and settle alike, whatever a group holds.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{path::Path, sync::Arc};

use inlet_core::{
    ByteString,
    actions::parse_action,
    idempotency::{self, HashKey, ScopedKey},
    json,
    log::{EventFields, EventLog, Original, Outcome, PluginRef},
    mapping::{Mapping, MappingIndex},
    plan::{self, Scope},
    settle::{Job, Prepared, Settlement, TransactionTime},
    verification::{Covers, Nonce},
};
use proptest::prelude::*;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _, SqliteConnection};
use uuid::Uuid;

use super::*;
use crate::{
    backend::GroupError,
    records::{CommitExtras, KeptRequest, NewRefused},
    sqlite::connection::{direct::DirectConnection, migrations, pragmas},
};

const NOW_MS: i64 = 1_800_000_000_000;

/// An item of a request, before it is planned.
#[derive(Debug, Clone)]
struct ItemSpec {
    event_type: String,
    user_id: Option<String>,
    text: String,
    key: Option<u8>,
    is_json: bool,
    is_planned: bool,
    identifies: bool,
}

/// A request that is accepted or refused.
#[derive(Debug, Clone)]
enum RequestSpec {
    Accepted { items: Vec<ItemSpec>, is_signed: bool, is_kept: bool },
    Refused { body: Vec<u8> },
}

fn item() -> impl Strategy<Value = ItemSpec> {
    let text = prop_oneof![".{0,20}", "[a\\x00\u{10ffff}'\"]{0,6}", Just("long ".repeat(400)), Just(String::new())];
    let user = prop_oneof![Just("u1".to_owned()), Just("u2".to_owned()), ".{1,8}"];
    (
        prop_oneof![Just("Order".to_owned()), Just("Identify".to_owned()), text.clone()],
        prop::option::of(user),
        text,
        prop::option::of(0u8..3),
        any::<bool>(),
        prop::bool::weighted(0.8),
        any::<bool>(),
    )
        .prop_map(|(event_type, user_id, text, key, is_json, is_planned, identifies)| ItemSpec {
            event_type,
            user_id,
            text,
            key,
            is_json,
            is_planned,
            identifies,
        })
}

fn request() -> impl Strategy<Value = RequestSpec> {
    prop_oneof![
        4 => (prop::collection::vec(item(), 1..70), any::<bool>(), any::<bool>())
            .prop_map(|(items, is_signed, is_kept)| RequestSpec::Accepted { items, is_signed, is_kept }),
        1 => prop::collection::vec(any::<u8>(), 0..50).prop_map(|body| RequestSpec::Refused { body }),
    ]
}

/// Ids that are the same in every run.
struct Ids(u128);

impl Ids {
    fn next(&mut self) -> Uuid {
        self.0 += 1;
        Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + self.0)
    }
}

fn mappings() -> MappingIndex {
    let mapping = |number: u128, action: &str, parameters: &str| Mapping {
        id: Uuid::from_u128(number),
        event_type: "Order".to_owned(),
        when: None,
        action: parse_action(action, parameters).unwrap(),
        parameters: parameters.into(),
        active: true,
        created_at_ms: number as i64,
        updated_at_ms: 0,
    };
    MappingIndex::new([
        mapping(
            1,
            "workflows_trigger",
            r#"{"key":"w","recipients":{"id":"user_id","name":"data.text"},"data":"data"}"#,
        ),
        mapping(2, "workflows_trigger", r#"{"key":"w2","recipients":"user_id","tenant":"data.text"}"#),
        mapping(3, "users_delete", r#"{"user_id":"data.delete"}"#),
    ])
}

fn prepare(spec: &ItemSpec, ids: &mut Ids) -> Prepared {
    let quoted = json::quote(&spec.text);
    let item = ByteString::from(format!(r#"{{"data":{{"text":{quoted},"name":{quoted}}}}}"#));
    let data = json::member(&item, "data").map(|data| item.slice_ref(data)).unwrap();
    let scope =
        Scope { user_id: spec.user_id.as_deref(), data: &data, item: &item, headers: None, hints: None, vars: None };
    let index = mappings();
    let mut plan = plan::plan(scope, &spec.event_type, spec.identifies, index.matching(&spec.event_type));
    plan.key = spec.key.map(|key| {
        let fingerprint = idempotency::fingerprint(spec.user_id.as_deref(), &data);
        ScopedKey::new(&HashKey([7; 16]), 1, &spec.event_type, format!("key {key}"), 1000, fingerprint)
    });
    let plugin = PluginRef { key: "http".to_owned(), version: "1".to_owned(), digest: "sha256:00".to_owned() };
    let fields = EventFields {
        event_type: spec.event_type.clone(),
        user_id: spec.user_id.clone(),
        outcome: if spec.is_planned { Outcome::Logged } else { Outcome::Rejected },
        reason: (!spec.is_planned).then(|| spec.text.clone()),
        verification_status: "not_configured".to_owned(),
        headers: spec.key.map(|_| spec.text.as_str().into()),
        warnings: vec![spec.text.clone()],
        ..EventFields::new(ids.next(), NOW_MS - 5, Arc::new(plugin))
    };
    let original = match spec.is_json {
        true => Original::Json(item),
        false => Original::Bytes(spec.text.clone().into_bytes().into()),
    };
    Prepared { log: EventLog { fields, data: Some(data), original }, plan: spec.is_planned.then_some(plan) }
}

/// The content of a group, owned.
#[derive(Default)]
struct OwnedGroup {
    jobs: Vec<Job>,
    extras: Vec<Option<Box<CommitExtras>>>,
    refused: Vec<NewRefused>,
}

fn group(requests: &[RequestSpec], ids: &mut Ids) -> OwnedGroup {
    let mut group = OwnedGroup::default();
    for request in requests {
        match request {
            RequestSpec::Accepted { items, is_signed, is_kept } => {
                let items = items.iter().map(|item| prepare(item, ids)).collect();
                let nonce = is_signed.then(|| Nonce {
                    digest: *ids.next().as_bytes(),
                    at_ms: NOW_MS,
                    until_ms: NOW_MS,
                    signs_time: true,
                    covers: Covers::All,
                });
                group.jobs.push(Job { environment: 1, source_environment: 1, items, nonce });
                let kept = KeptRequest {
                    id: ids.next(),
                    received_at_ms: NOW_MS,
                    method: "POST".to_owned(),
                    path: String::new(),
                    query: "[]".to_owned(),
                    headers: "[]".to_owned(),
                    verification: String::new(),
                    verification_rest: String::new(),
                    body: Some("body".into()),
                };
                let extras = CommitExtras { keep: Some(kept), retry_at_ms: Some(NOW_MS), ..CommitExtras::default() };
                group.extras.push(is_kept.then(|| Box::new(extras)));
            }
            RequestSpec::Refused { body } => group.refused.push(NewRefused {
                id: ids.next(),
                environment_id: 1,
                source_environment_id: 1,
                received_at_ms: NOW_MS,
                cause: "missing".to_owned(),
                digest: [1; 32],
                method: "POST".to_owned(),
                path: "/".to_owned(),
                query: "[]".to_owned(),
                headers: "[]".to_owned(),
                credential_hash: None,
                size: body.len() as u64,
                body: Some(body.clone().into()),
                reason: None,
            }),
        }
    }
    group
}

async fn open(path: &Path) -> SqliteConnection {
    let mut connection = pragmas::for_writing(path).connect().await.unwrap();
    migrations::migrate(path, &mut connection).await.unwrap();
    sqlx::raw_sql(
        "DELETE FROM source_environments;
         DELETE FROM sources;
         INSERT INTO sources (key, name, provider, created_at_ms, updated_at_ms) VALUES ('s', 's', 'http', 0, 0);
         INSERT INTO source_environments (source_id, environment_id, settings, version, updated_at_ms)
             VALUES (1, 1, '{}', 1, 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection
}

/// Returns every row of every table, as SQL literals.
async fn dump(connection: &mut SqliteConnection) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('meta', 'environments', '_sqlx_migrations') ORDER BY name",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info(?)")
            .bind(&table)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        let quoted: Vec<String> = columns.iter().map(|column| format!("quote({column})")).collect();
        let query = format!("SELECT {} AS row FROM {table} ORDER BY row", quoted.join(" || ', ' || "));
        let found = sqlx::query(AssertSqlSafe(query)).fetch_all(&mut *connection).await.unwrap();
        rows.extend(found.iter().map(|row| format!("{table}: {}", row.get::<String, _>(0))));
    }
    rows
}

/// Commits the groups one after the other; returns their settlements and what is stored afterwards.
async fn commit_all(groups: &[Vec<RequestSpec>], is_direct: bool) -> (Vec<Result<String, String>>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let mut connection = DirectConnection::new(open(&directory.path().join("inlet.db")).await);
    let (mut caches, mut ids, mut settled) = (Caches::default(), Ids(0), Vec::new());
    for (number, requests) in groups.iter().enumerate() {
        let OwnedGroup { jobs, extras, refused } = group(requests, &mut ids);
        let resends: Vec<_> = jobs.iter().map(|_| None).collect();
        let content = GroupContent { jobs: &jobs, extras: &extras, resends: &resends, refused: &refused };
        let statements = &mut match is_direct {
            true => StatementRunner::Direct(&mut connection),
            false => StatementRunner::Plain(connection.plain()),
        };
        let at_ms = NOW_MS + 100 * number as i64;
        let committed = commit(statements, &mut caches, content, TransactionTime::at(at_ms), &mut || ids.next()).await;
        let describe = |settlements: &Vec<Vec<Settlement>>| format!("{settlements:?}");
        settled.push(
            committed
                .map(|group| describe(&group.settlements))
                .map_err(|error| format!("{:?}", GroupError::from(error))),
        );
    }
    let rows = dump(connection.sqlite()).await;
    drop(connection.into_plain().await.unwrap());
    (settled, rows)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn both_ways_write_the_same_rows(groups in prop::collection::vec(prop::collection::vec(request(), 1..5), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (plain, direct) =
            runtime.block_on(async { (commit_all(&groups, false).await, commit_all(&groups, true).await) });
        prop_assert!(plain.1.iter().any(|row| row.starts_with("event_logs: ") || row.starts_with("refused_requests: ")));
        prop_assert_eq!(plain.0, direct.0);
        // Whole dumps would be pages long.
        let differing = plain.1.iter().zip(&direct.1).find(|(plain, direct)| plain != direct);
        prop_assert!(differing.is_none(), "{differing:?}");
        prop_assert_eq!(plain.1.len(), direct.1.len());
    }
}

#[tokio::test]
async fn a_group_that_cannot_be_stored_leaves_nothing_either_way() {
    let item = ItemSpec {
        event_type: "Order".to_owned(),
        user_id: Some("u".to_owned()),
        text: "t".to_owned(),
        key: Some(1),
        is_json: true,
        is_planned: true,
        identifies: true,
    };
    for is_direct in [true, false] {
        let directory = tempfile::tempdir().unwrap();
        let mut connection = DirectConnection::new(open(&directory.path().join("inlet.db")).await);
        let before = dump(connection.sqlite()).await;
        let prepared = prepare(&item, &mut Ids(0));
        let twice = vec![prepare(&item, &mut Ids(0)), prepared];
        let jobs = [Job { environment: 1, source_environment: 1, items: twice, nonce: None }];
        let content = GroupContent { jobs: &jobs, extras: &[None], resends: &[None], refused: &[] };
        let mut caches = Caches::default();
        for _ in 0..2 {
            let statements = &mut match is_direct {
                true => StatementRunner::Direct(&mut connection),
                false => StatementRunner::Plain(connection.plain()),
            };
            let committed =
                commit(statements, &mut caches, content, TransactionTime::at(NOW_MS), &mut Uuid::now_v7).await;
            let error = GroupError::from(committed.map(|_| ()).unwrap_err());
            assert!(
                matches!(&error, GroupError::Content(reason) if reason.contains("UNIQUE constraint failed")),
                "{error:?}"
            );
        }
        assert_eq!(dump(connection.sqlite()).await, before);
        drop(connection.into_plain().await.unwrap());
    }
}
