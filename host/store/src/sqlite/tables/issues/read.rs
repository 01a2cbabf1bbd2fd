//! Reading issues.

use inlet_core::issues::{Issue, IssueStage};
use uuid::Uuid;

use super::state;
use crate::{
    records::IssueRecord,
    sql,
    sqlite::statements::{codes::unknown, uuids},
};

macro_rules! select {
    ($where:literal) => {
        concat!(
            "SELECT issues.id, issues.environment_id, source_environment_id, targets.key, stage, code, mapping, action,
                 plugins.key, plugins.version, issues.state, issues.state_since_ms, muted_until_ms, count, first_seen_ms,
                 last_seen_ms, reopened, first_entry, last_entry
             FROM issues LEFT JOIN targets ON targets.id = target_id LEFT JOIN plugins ON plugins.id = plugin_id
             WHERE ",
            $where
        )
    };
}

/// The columns of [`Issue`], as [`read_issue`] reads them.
pub(super) const ISSUE: &str = "state, state_since_ms, muted_until_ms, count, first_seen_ms, last_seen_ms, reopened";

/// Returns the issues of these environments, the last seen first.
pub(crate) async fn of_environments(
    readers: &sql::Pool,
    environments: &[i64],
) -> Result<Vec<IssueRecord>, sqlx::Error> {
    let mut found = Vec::new();
    for environment in environments {
        let rows = sql::query(select!("issues.environment_id = ?")).bind(environment).fetch_all(readers).await?;
        for row in &rows {
            found.push(read(row)?);
        }
    }
    found.sort_by_key(|issue| std::cmp::Reverse((issue.issue.last_seen_ms, issue.last_entry)));
    Ok(found)
}

/// Returns one issue.
pub(crate) async fn one(readers: &sql::Pool, id: Uuid) -> Result<Option<IssueRecord>, sqlx::Error> {
    let sql = select!("issues.id = ?");
    let row = sql::query(sql).bind(id.as_bytes().as_slice()).fetch_optional(readers).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &sql::Row) -> Result<IssueRecord, sqlx::Error> {
    let plugin: (Option<String>, Option<String>) = (row.try_get(8)?, row.try_get(9)?);
    Ok(IssueRecord {
        id: uuids::read(row, 0)?,
        environment_id: row.try_get(1)?,
        source_environment_id: row.try_get(2)?,
        target: row.try_get(3)?,
        stage: stage(row.try_get(4)?)?,
        code: row.try_get(5)?,
        mapping: uuids::read_optional(row, 6)?,
        action: row.try_get(7)?,
        plugin: plugin.0.zip(plugin.1),
        issue: read_issue(row, 10)?,
        first_entry: uuids::read(row, 17)?,
        last_entry: uuids::read(row, 18)?,
    })
}

/// Reads the columns [`ISSUE`], which begin at `first`.
pub(super) fn read_issue(row: &sql::Row, first: usize) -> Result<Issue, sqlx::Error> {
    let number = |column: usize| row.try_get::<i64>(first + column).map(|value| value.try_into().unwrap_or_default());
    Ok(Issue {
        state: state::read(row.try_get(first)?, row.try_get(first + 2)?)?,
        state_since_ms: row.try_get(first + 1)?,
        count: number(3)?,
        first_seen_ms: row.try_get(first + 4)?,
        last_seen_ms: row.try_get(first + 5)?,
        reopened: number(6)?,
    })
}

fn stage(number: i64) -> Result<IssueStage, sqlx::Error> {
    let found = IssueStage::ALL.into_iter().find(|stage| i64::from(stage.number()) == number);
    found.ok_or_else(|| unknown("stage", number))
}
