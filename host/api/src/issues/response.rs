//! Issues as responses.

use std::collections::HashMap;

use inlet_api_types::issues::{Issue, IssueMapping, IssuePlugin};
use inlet_core::{
    Uuid,
    issues::{IssueStage, IssueState},
    log::Outcome,
    time,
};
use inlet_engine::{
    clock::now_ms,
    snapshot::{Endpoint, Snapshot},
};
use inlet_store::IssueRecord;

use crate::sources::status::needs_attention::what_to_do;

/// The names of what issues refer to by database id.
pub struct Names<'a> {
    environments: HashMap<i64, &'a str>,
    endpoints: HashMap<i64, &'a Endpoint>,
}

impl<'a> Names<'a> {
    /// The names of a configuration.
    pub fn of(snapshot: &'a Snapshot) -> Self {
        Self {
            environments: snapshot.environments.iter().map(|found| (found.id, found.slug.as_str())).collect(),
            endpoints: snapshot.logs().map(|log| (log.id, log.as_ref())).collect(),
        }
    }

    /// Returns the response; none for an issue of a source that was deleted.
    pub fn issue(&self, record: IssueRecord) -> Option<Issue> {
        let endpoint = match record.source_environment_id {
            Some(id) => Some(*self.endpoints.get(&id)?),
            None => None,
        };
        let environment = (*self.environments.get(&record.environment_id)?).to_owned();
        let now_ms = now_ms();
        let muted_until = match record.issue.state_at(now_ms) {
            IssueState::Muted { until_ms } => until_ms.map(time::write_ms),
            _ => None,
        };
        let outcome = match record.stage {
            IssueStage::Verify => None,
            IssueStage::Read => Some(Outcome::Rejected),
            IssueStage::Translate | IssueStage::Act | IssueStage::Deliver => Some(Outcome::Failed),
        };
        let last = record.last_entry.to_string();
        let is_refused = record.stage == IssueStage::Verify;
        Some(Issue {
            id: record.id.to_string(),
            environment,
            source: endpoint.map(|endpoint| endpoint.source.clone()),
            mapping: record.mapping.map(|id| mapping(endpoint, id)),
            state: state_name(&record, now_ms).to_owned(),
            stage: record.stage.as_str().to_owned(),
            kind: outcome.map_or("refused", Outcome::as_str).to_owned(),
            what_to_do: what_to_do(outcome, &record.code).to_owned(),
            target: record.target,
            code: record.code,
            action_type: record.action,
            plugin: record.plugin.map(|(key, version)| IssuePlugin { key, version }),
            state_since: time::write_ms(record.issue.state_since_ms),
            muted_until,
            count: record.issue.count,
            reopened_count: record.issue.reopened,
            first_seen_at: time::write_ms(record.issue.first_seen_ms),
            last_seen_at: time::write_ms(record.issue.last_seen_ms),
            last_log_id: (!is_refused).then(|| last.clone()),
            last_refused_id: is_refused.then_some(last),
        })
    }
}

fn mapping(endpoint: Option<&Endpoint>, id: Uuid) -> IssueMapping {
    let found = endpoint.and_then(|endpoint| endpoint.record.mappings.iter().find(|mapping| mapping.id == id));
    IssueMapping {
        id: id.to_string(),
        event_type: found.map(|mapping| mapping.event_type.clone()),
        action_type: found.map(|mapping| mapping.action_type.clone()),
    }
}

/// Returns the name of the state at a time.
pub fn state_name(record: &IssueRecord, now_ms: i64) -> &'static str {
    record.issue.state_at(now_ms).as_str()
}
