//! Records against a model, through writing, rolling back, sealing, pruning and opening again.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{collections::HashMap, path::Path};

use inlet_core::{
    idempotency::{Execution, HashKey, Record, RecordId, ScopedKey},
    world::RecordChange,
};
use proptest::prelude::*;
use sqlx::{ConnectOptions as _, SqliteConnection};
use uuid::Uuid;

use super::*;
use crate::sqlite::{
    connection::{direct::DirectConnection, migrations, pragmas},
    statements::{runner::StatementRunner, transaction},
};

#[derive(Debug, Clone)]
enum Step {
    /// Writes records of these keys, which expire after so many milliseconds.
    Write(Vec<u8>, i64),
    RollBack(Vec<u8>),
    Wait(i64),
    Seal,
    Prune(u32),
    Reopen,
    /// The commit reached the disk, but the writer was told that it failed.
    CommitUnnoticed(Vec<u8>, i64),
}

fn keys() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0u8..40, 1..12)
}

fn step() -> impl Strategy<Value = Step> {
    let window = || prop_oneof![4 => Just(100), 1 => Just(1000), 1 => 0i64..300];
    prop_oneof![
        6 => (keys(), window()).prop_map(|(keys, window)| Step::Write(keys, window)),
        1 => keys().prop_map(Step::RollBack),
        2 => (0i64..150).prop_map(Step::Wait),
        3 => Just(Step::Seal),
        3 => (1u32..15).prop_map(Step::Prune),
        1 => Just(Step::Reopen),
        1 => (keys(), window()).prop_map(|(keys, window)| Step::CommitUnnoticed(keys, window)),
    ]
}

fn id(key: u8) -> RecordId {
    ScopedKey::new(&HashKey([1; 16]), 1, "t", key.to_string(), 1, 0).id
}

struct Bench {
    connection: DirectConnection,
    records: SegmentRecords,
    now_ms: i64,
    written: u128,
    /// The newest record of each key, and the time at which it expires.
    model: HashMap<RecordId, (Record, i64)>,
}

async fn connect(path: &Path) -> SqliteConnection {
    let mut connection = pragmas::for_writing(path).connect().await.unwrap();
    migrations::migrate(path, &mut connection).await.unwrap();
    connection
}

impl Bench {
    async fn open(path: &Path) -> Self {
        let mut connection = connect(path).await;
        let records = SegmentRecords::load(&mut (&mut connection).into()).await.unwrap();
        let connection = DirectConnection::new(connection);
        Self { connection, records, now_ms: 1000, written: 0, model: HashMap::new() }
    }

    async fn reopen(self, path: &Path) -> Self {
        let Self { now_ms, written, model, connection, .. } = self;
        drop(connection.into_plain().await.unwrap());
        Self { now_ms, written, model, ..Self::open(path).await }
    }

    /// Ends the direct use of the connection, which must go before it is closed.
    async fn close(self) {
        drop(self.connection.into_plain().await.unwrap());
    }

    /// Writes records of these keys in a transaction that is left open, and returns them.
    async fn write(&mut self, keys: &[u8], window_ms: i64) -> HashMap<RecordId, (Record, i64)> {
        let mut new = HashMap::new();
        for key in keys {
            self.written += 1;
            let execution = Execution {
                event: Uuid::from_u128(self.written),
                at_ms: self.now_ms,
                complete: true,
                fingerprint: 0,
                mappings: Vec::new(),
            };
            new.insert(
                id(*key),
                (Record { key: key.to_string(), executions: vec![execution] }, self.now_ms + window_ms),
            );
        }
        let changes: Vec<RecordChange<'_>> = new
            .iter()
            .map(|(id, (record, expires_at_ms))| RecordChange { id: *id, record, expires_at_ms: *expires_at_ms })
            .collect();
        let mut statements = StatementRunner::Direct(&mut self.connection);
        statements.run(transaction::BEGIN).await.unwrap();
        self.records.make_sure(&mut statements).await.unwrap();
        self.records.write(&mut statements, &changes).await.unwrap();
        new
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Write(keys, window_ms) => {
                let new = self.write(keys, *window_ms).await;
                StatementRunner::Direct(&mut self.connection).run(transaction::COMMIT).await.unwrap();
                self.records.committed();
                self.model.extend(new);
            }
            Step::CommitUnnoticed(keys, window_ms) => {
                let new = self.write(keys, *window_ms).await;
                StatementRunner::Direct(&mut self.connection).run(transaction::COMMIT).await.unwrap();
                self.records.rolled_back();
                self.model.extend(new);
                self.records.make_sure(&mut StatementRunner::Direct(&mut self.connection)).await.unwrap();
            }
            Step::RollBack(keys) => {
                self.write(keys, 100).await;
                transaction::roll_back(&mut self.connection.plain()).await;
                self.records.rolled_back();
            }
            Step::Wait(ms) => self.now_ms += ms,
            Step::Seal => self.records.seal(&mut self.connection.plain()).await.unwrap(),
            Step::Prune(slice) => {
                self.records.prune(&mut self.connection.plain(), self.now_ms, *slice).await.unwrap();
            }
            Step::Reopen => unreachable!("needs the path"),
        }
    }

    /// Finds the newest record of each key that has not expired. Expired ones may be found or not, and an earlier one after
    /// them: its executions say themselves whether they count.
    async fn check(&mut self) {
        let ids: Vec<RecordId> = (0..40).map(id).collect();
        let probes = self.records.index().probe(&ids);
        let mut statements = StatementRunner::Direct(&mut self.connection);
        let found: HashMap<_, _> = probes.find(&mut statements, &ids).await.unwrap().into_iter().collect();
        for (id, (record, expires_at_ms)) in &self.model {
            if *expires_at_ms > self.now_ms {
                assert_eq!(found.get(id), Some(record));
            }
        }
        assert!(found.keys().all(|id| self.model.contains_key(id)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_key_has_its_newest_record_until_it_expires(steps in prop::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("inlet.db");
            let mut bench = Bench::open(&path).await;
            for step in &steps {
                match step {
                    Step::Reopen => bench = bench.reopen(&path).await,
                    step => bench.take(step).await,
                }
                bench.check().await;
            }
            // In the end everything expires, and nothing is left.
            bench.now_ms += 10_000;
            for _ in 0..1000 {
                if bench.records.prune(&mut bench.connection.plain(), bench.now_ms, 7).await.unwrap().complete {
                    break;
                }
            }
            for table in ["idempotency_records", "idempotency_segments", "idempotency_buckets"] {
                let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
                let left: i64 = sqlx::query_scalar(query).fetch_one(bench.connection.sqlite()).await.unwrap();
                assert_eq!(left, 0, "{table}");
            }
            bench.close().await;
        });
    }
}

#[tokio::test]
async fn records_of_an_earlier_version_count_until_they_are_pruned() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("inlet.db");
    let record = Record { key: "1".to_owned(), executions: Vec::new() };
    sqlx::query("INSERT INTO idempotency (hash, expires_at_ms, value) VALUES (?, 2000, ?)")
        .bind(id(1).0.as_slice())
        .bind(record.to_bytes())
        .execute(&mut connect(&path).await)
        .await
        .unwrap();
    let mut bench = Bench::open(&path).await;
    bench.model.insert(id(1), (record, 2000));
    bench.check().await;
    bench.take(&Step::Write(vec![1], 500)).await;
    bench.check().await;
    bench.close().await;
}

#[tokio::test]
async fn a_long_tail_becomes_a_segment_whose_records_are_found() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("inlet.db");
    let mut bench = Bench::open(&path).await;
    bench.records.max_tail = Some(10);
    bench.take(&Step::Write((0..9).collect(), 100)).await;
    assert!(!bench.records.is_long());
    bench.take(&Step::Write((0..20).collect(), 100)).await;
    assert!(bench.records.is_long());
    bench.take(&Step::Seal).await;
    assert!(!bench.records.is_long());
    bench.check().await;
    bench = bench.reopen(&path).await;
    bench.check().await;
    bench.close().await;
}

#[tokio::test]
async fn a_record_that_was_replaced_by_a_commit_that_seemed_to_fail_is_not_pruned_early() {
    let directory = tempfile::tempdir().unwrap();
    let mut bench = Bench::open(&directory.path().join("inlet.db")).await;
    let steps = [
        Step::Write(vec![1], 100),
        Step::Wait(100),
        Step::Write(vec![2], 100),
        Step::CommitUnnoticed(vec![1], 100),
        Step::Prune(1),
        Step::Write(vec![3], 100),
        Step::Prune(10),
    ];
    for step in steps {
        bench.take(&step).await;
        bench.check().await;
    }
    bench.close().await;
}
