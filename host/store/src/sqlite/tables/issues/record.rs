//! Counting failures. Nothing is done here for what succeeds.

use std::collections::BTreeMap;

use inlet_core::issues::{Blamed, Failures, Issue, IssueKey, IssuePlace, IssueStage, Recurrence, Room, Verdict};
use uuid::Uuid;

use super::{
    read::{ISSUE, read_issue},
    state,
};
use crate::records::NewRefused;
use crate::sql;

/// A failure to count.
#[derive(Debug, Clone)]
pub(crate) struct Failure<'a> {
    pub(crate) environment: i64,
    pub(crate) key: IssueKey<'a>,
    /// The log entry, or the refused request.
    pub(crate) entry: Uuid,
    /// The plugin's database id.
    pub(crate) plugin: Option<i64>,
}

/// The failures of one transaction with the same cause.
struct Group<'f, 'a> {
    failure: &'f Failure<'a>,
    count: u64,
    first: Uuid,
    last: Uuid,
}

/// Counts failures; returns the id of the issue that each belongs to.
pub(crate) async fn record(
    connection: &mut sql::Connection<'_>,
    failures: &[Failure<'_>],
    now_ms: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let ids: Vec<Uuid> = failures.iter().map(|failure| failure.key.id()).collect();
    // Sorted, so that the same group always writes the same rows.
    let mut groups: BTreeMap<Uuid, Group<'_, '_>> = BTreeMap::new();
    for (id, failure) in ids.iter().zip(failures) {
        let (first, last) = (failure.entry, failure.entry);
        let group = groups.entry(*id).or_insert(Group { failure, count: 0, first, last });
        group.count += 1;
        group.first = group.first.min(failure.entry);
        group.last = group.last.max(failure.entry);
    }
    let mut recorded = BTreeMap::new();
    for (id, group) in groups {
        recorded.insert(id, add(connection, id, &group, now_ms).await?);
    }
    Ok(ids.into_iter().map(|id| recorded.get(&id).copied().unwrap_or(id)).collect())
}

/// Counts refused requests: by source environment and cause.
pub(crate) async fn record_refused(
    connection: &mut sql::Connection<'_>,
    refused: &[NewRefused],
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    let mut environments: BTreeMap<i64, i64> = BTreeMap::new();
    let mut failures = Vec::new();
    for request in refused {
        let source_environment = request.source_environment_id;
        let environment = match environments.get(&source_environment) {
            Some(environment) => *environment,
            None => {
                let found = sql::query_scalar("SELECT environment_id FROM source_environments WHERE id = ?")
                    .bind(source_environment)
                    .fetch_one(&mut *connection)
                    .await?;
                environments.insert(source_environment, found);
                found
            }
        };
        let place = IssuePlace::SourceEnvironment(source_environment);
        let key = IssueKey::new(place, IssueStage::Verify, &request.cause, Blamed::Nobody);
        failures.push(Failure { environment, key, entry: request.id, plugin: None });
    }
    record(connection, &failures, now_ms).await?;
    Ok(())
}

/// Counts failures with one cause; returns the id of their issue.
async fn add(
    connection: &mut sql::Connection<'_>,
    id: Uuid,
    group: &Group<'_, '_>,
    now_ms: i64,
) -> Result<Uuid, sqlx::Error> {
    let failures = Failures { count: group.count, at_ms: now_ms };
    if recur(connection, id, group, failures).await? {
        return Ok(id);
    }
    let key = &group.failure.key;
    match verdict(connection, group.failure.environment, key).await? {
        Verdict::Issue => {}
        Verdict::InPlaceOfResolved => evict_resolved(connection, group.failure.environment).await?,
        Verdict::Other => {
            let other = key.other();
            let id = other.id();
            if !recur(connection, id, group, failures).await? {
                insert(connection, id, &other, group, failures).await?;
            }
            return Ok(id);
        }
    }
    insert(connection, id, key, group, failures).await?;
    Ok(id)
}

/// Adds failures to the issue with this id; returns false if there is none.
async fn recur(
    connection: &mut sql::Connection<'_>,
    id: Uuid,
    group: &Group<'_, '_>,
    failures: Failures,
) -> Result<bool, sqlx::Error> {
    let sql = format!("SELECT {ISSUE} FROM issues WHERE id = ?");
    let Some(row) = sql::query(sql).bind(id.as_bytes().as_slice()).fetch_optional(&mut *connection).await? else {
        return Ok(false);
    };
    let mut issue = read_issue(&row, 0)?;
    let Recurrence { is_known, .. } = issue.recur(failures);
    sql::query(
        "UPDATE issues SET state = ?2, state_since_ms = ?3, muted_until_ms = ?4, count = ?5, last_seen_ms = ?6, reopened = ?7,
             last_entry = max(last_entry, ?8), plugin_id = coalesce(?9, plugin_id),
             known_up_to = CASE WHEN ?10 = 1 THEN max(last_entry, ?8) ELSE known_up_to END,
             is_clearing = CASE WHEN ?10 = 1 AND stage <> 0 THEN 1 ELSE is_clearing END
         WHERE id = ?1",
    )
    .bind(id.as_bytes().as_slice())
    .bind(state::number(issue.state))
    .bind(issue.state_since_ms)
    .bind(state::until_ms(issue.state))
    .bind(issue.count.cast_signed())
    .bind(issue.last_seen_ms)
    .bind(issue.reopened.cast_signed())
    .bind(group.last.as_bytes().as_slice())
    .bind(group.failure.plugin)
    .bind(is_known)
    .execute(connection)
    .await?;
    Ok(true)
}

async fn verdict(
    connection: &mut sql::Connection<'_>,
    environment: i64,
    key: &IssueKey<'_>,
) -> Result<Verdict, sqlx::Error> {
    let (source_environment, target) = place(key);
    let row = sql::query(
        "SELECT count(*), count(*) FILTER (
                 WHERE source_environment_id IS NOT DISTINCT FROM ?2 AND target_id IS NOT DISTINCT FROM ?3
                     AND stage = ?4),
             max(CASE WHEN state = 3 THEN 1 ELSE 0 END)
         FROM issues WHERE environment_id = ?1",
    )
    .bind(environment)
    .bind(source_environment)
    .bind(target)
    .bind(i64::from(key.stage.number()))
    .fetch_one(connection)
    .await?;
    let number = |column: usize| row.try_get::<i64>(column).map(i64::unsigned_abs);
    let has_resolved: Option<i64> = row.try_get(2)?;
    Ok(Room { in_environment: number(0)?, of_stage: number(1)?, has_resolved: has_resolved == Some(1) }.verdict())
}

async fn evict_resolved(connection: &mut sql::Connection<'_>, environment: i64) -> Result<(), sqlx::Error> {
    sql::query(
        "DELETE FROM issues WHERE id = (
             SELECT id FROM issues WHERE environment_id = ? AND state = ? ORDER BY last_entry LIMIT 1)",
    )
    .bind(environment)
    .bind(state::RESOLVED)
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert(
    connection: &mut sql::Connection<'_>,
    id: Uuid,
    key: &IssueKey<'_>,
    group: &Group<'_, '_>,
    failures: Failures,
) -> Result<(), sqlx::Error> {
    let issue = Issue::new(failures);
    let (source_environment, target) = place(key);
    let (mapping, action) = match key.blamed {
        Blamed::Mapping(id) => (Some(id), None),
        Blamed::Action(action) => (None, Some(action)),
        Blamed::Nobody | Blamed::Plugin(_) => (None, None),
    };
    sql::query(
        "INSERT INTO issues (id, environment_id, source_environment_id, target_id, stage, code, mapping, action, plugin_id,
             state, state_since_ms, count, first_seen_ms, last_seen_ms, reopened, first_entry, last_entry)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
    )
    .bind(id.as_bytes().as_slice())
    .bind(group.failure.environment)
    .bind(source_environment)
    .bind(target)
    .bind(i64::from(key.stage.number()))
    .bind(key.code())
    .bind(mapping.map(|id| id.as_bytes().to_vec()))
    .bind(action)
    .bind(group.failure.plugin)
    .bind(state::number(issue.state))
    .bind(issue.state_since_ms)
    .bind(issue.count.cast_signed())
    .bind(issue.first_seen_ms)
    .bind(issue.last_seen_ms)
    .bind(group.first.as_bytes().as_slice())
    .bind(group.last.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

/// Returns the source environment or the target of a key.
fn place(key: &IssueKey<'_>) -> (Option<i64>, Option<i64>) {
    match key.place {
        IssuePlace::SourceEnvironment(id) => (Some(id), None),
        IssuePlace::Target(id) => (None, Some(id)),
    }
}
