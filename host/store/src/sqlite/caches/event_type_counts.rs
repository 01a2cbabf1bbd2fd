//! Counting received events by type and source environment: at most 10,000 distinct types, then `other`.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use inlet_core::settle::Job;

use crate::{
    sql,
    sqlite::{
        error::SqliteError,
        statements::{multi_row::MultiRow, runner::StatementRunner},
    },
};

/// Distinct types that are counted one by one.
const MAX_TYPES: usize = 10_000;
/// The longest type that is counted by itself, in bytes: longer ones are content, not types.
const MAX_TYPE_BYTES: usize = 1024;
/// The name under which the rest is counted.
const OTHER: &str = "other";
/// The name under which items without a type are counted; never shown as a type.
const NONE: &str = "";

static COUNTS: LazyLock<MultiRow> = LazyLock::new(|| {
    MultiRow::insert(
        "event_types",
        "source_environment_id, event_type, count, last_received_at_ms",
        "ON CONFLICT (source_environment_id, event_type) DO UPDATE SET
             count = event_types.count + excluded.count,
             last_received_at_ms = max(event_types.last_received_at_ms, excluded.last_received_at_ms)",
    )
});

/// The types that have a row, so that the limit needs no query.
#[derive(Default)]
pub(crate) struct EventTypes {
    known: HashMap<i64, HashSet<String>>,
    /// First counted in the transaction under way.
    pending: Vec<(i64, String)>,
}

#[derive(Default)]
struct Count {
    count: i64,
    last_received_at_ms: i64,
}

impl EventTypes {
    /// Adds the events of these jobs to their counts.
    pub(crate) async fn count(
        &mut self,
        statements: &mut StatementRunner<'_>,
        jobs: &[Job],
    ) -> Result<(), SqliteError> {
        let mut counts: HashMap<(i64, &str), Count> = HashMap::new();
        for job in jobs {
            self.load(statements, job.source_environment).await?;
            for item in &job.items {
                let event_type = self.counted_as(job.source_environment, &item.log.event_type);
                let count = counts.entry((job.source_environment, event_type)).or_default();
                count.count += 1;
                count.last_received_at_ms = count.last_received_at_ms.max(item.log.received_at_ms);
            }
        }
        let counts: Vec<_> = counts.into_iter().collect();
        statements
            .write(&COUNTS, &counts, |row, ((source_environment, event_type), count)| {
                row.int(*source_environment).text(event_type).int(count.count).int(count.last_received_at_ms);
            })
            .await
    }

    fn counted_as<'t>(&mut self, source_environment: i64, event_type: &'t str) -> &'t str {
        let known = self.known.entry(source_environment).or_default();
        if event_type == NONE || known.contains(event_type) {
            return event_type;
        }
        let is_pending = |(at, pending): &(i64, String)| *at == source_environment && pending == event_type;
        if self.pending.iter().any(is_pending) {
            return event_type;
        }
        let pending = self.pending.iter().filter(|(at, _)| *at == source_environment).count();
        if event_type.len() > MAX_TYPE_BYTES || known.len() + pending >= MAX_TYPES {
            return OTHER;
        }
        self.pending.push((source_environment, event_type.to_owned()));
        event_type
    }

    async fn load(&mut self, statements: &mut StatementRunner<'_>, source_environment: i64) -> Result<(), SqliteError> {
        if self.known.contains_key(&source_environment) {
            return Ok(());
        }
        let types: Vec<String> = sql::query_scalar(
            "SELECT event_type FROM event_types WHERE source_environment_id = ? AND event_type <> ''",
        )
        .bind(source_environment)
        .fetch_all(statements.connection().await?)
        .await?;
        self.known.insert(source_environment, types.into_iter().collect());
        Ok(())
    }

    pub(crate) fn committed(&mut self) {
        for (source_environment, event_type) in self.pending.drain(..) {
            self.known.entry(source_environment).or_default().insert(event_type);
        }
    }

    pub(crate) fn rolled_back(&mut self) {
        self.pending.clear();
    }
}
