//! `GET /v1/workflows`

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use inlet_api_types::{
    PageInfo,
    workflows::{Workflow, WorkflowList, WorkflowTrigger},
};
use inlet_core::{actions::ActionType, json, time};
use inlet_engine::{Engine, snapshot::Endpoint};
use inlet_store::{MappingRecord, RecentWorkflow, TargetRecord};

use crate::{
    auth::Operator,
    error::ApiError,
    query::Params,
    targets::{mapping_targets::named_targets, targets_of},
};

/// The newest runs that are looked at.
const RUNS: u32 = 1000;

/// Lists the workflows of an environment, by key: those that a mapping triggers or cancels, those that a target chooses, and those
/// of the environment's thousand newest runs.
#[utoipa::path(
    get,
    path = "/v1/workflows",
    operation_id = "listWorkflows",
    tag = "workflows",
    params(
        ("environment" = String, Query, description = "The environment"),
        ("key" = Option<String>, Query, description = "Only this workflow"),
    ),
    responses((status = 200, description = "The workflows", body = WorkflowList)),
)]
pub async fn list_workflows(
    operator: Operator,
    State(engine): State<Engine>,
    params: Params,
) -> Result<Json<WorkflowList>, ApiError> {
    let snapshot = engine.snapshot();
    let environment = params.required_environment(&snapshot)?;
    operator.may_see(environment)?;
    let targets = targets_of(&engine, environment).await?;
    let recent = engine.store.recent_workflows(environment.id, RUNS).await?;
    let endpoints = snapshot.endpoints().filter(|endpoint| endpoint.environment_id == environment.id);
    let triggers = endpoints.flat_map(|endpoint| triggers(endpoint));
    let only = params.get("key");
    let entries = workflows(triggers, &targets, &recent);
    let entries: Vec<_> = entries.into_iter().filter(|found| only.is_none_or(|key| found.key == key)).collect();
    Ok(Json(WorkflowList {
        page_info: PageInfo::whole(entries.len()),
        runs_looked_at: recent.iter().map(|found| found.runs).sum(),
        entries,
    }))
}

/// Returns the workflows that the mappings of a source name as constants.
fn triggers(endpoint: &Endpoint) -> impl Iterator<Item = (String, WorkflowTrigger)> {
    endpoint.record.mappings.iter().filter_map(|mapping| Some((workflow_of(mapping)?, trigger(endpoint, mapping))))
}

fn workflow_of(mapping: &MappingRecord) -> Option<String> {
    let types = [ActionType::WorkflowsTrigger, ActionType::WorkflowsCancel];
    let is_of_workflow = types.iter().any(|known| known.as_str() == mapping.action_type);
    let key = json::member(&mapping.parameters, "key").filter(|_| is_of_workflow)?;
    json::string(key).or_else(|| json::member(key, "value").and_then(json::string))
}

fn trigger(endpoint: &Endpoint, mapping: &MappingRecord) -> WorkflowTrigger {
    WorkflowTrigger {
        source: endpoint.source.clone(),
        mapping_id: mapping.id.to_string(),
        event_type: mapping.event_type.clone(),
        action_type: mapping.action_type.clone(),
        active: mapping.active,
        targets: named_targets(&mapping.action_type, &mapping.parameters),
    }
}

/// Collects what names each workflow.
fn workflows(
    triggers: impl Iterator<Item = (String, WorkflowTrigger)>,
    targets: &[TargetRecord],
    recent: &[RecentWorkflow],
) -> Vec<Workflow> {
    let mut all: BTreeMap<String, Workflow> = BTreeMap::new();
    let new = |key: &str| Workflow {
        key: key.to_owned(),
        triggers: Vec::new(),
        targets: Vec::new(),
        has_no_target: false,
        recent_runs: 0,
        last_run_id: None,
        last_run_at: None,
    };
    for (key, trigger) in triggers {
        all.entry(key.clone()).or_insert_with(|| new(&key)).triggers.push(trigger);
    }
    for key in targets.iter().flat_map(|target| target.routing.workflows.iter().flatten()) {
        all.entry(key.to_string()).or_insert_with(|| new(key));
    }
    for found in recent {
        let workflow = all.entry(found.workflow.clone()).or_insert_with(|| new(&found.workflow));
        workflow.recent_runs = found.runs;
        workflow.last_run_id = Some(found.last_run.to_string());
        workflow.last_run_at = Some(time::write_ms(found.last_run_ms));
    }
    for workflow in all.values_mut() {
        let wants = |target: &&TargetRecord| match &target.routing.workflows {
            None => true,
            Some(keys) => keys.iter().any(|key| **key == *workflow.key),
        };
        workflow.targets = targets.iter().filter(wants).map(|target| target.key.clone()).collect();
        let is_named = |trigger: &WorkflowTrigger| {
            trigger.targets.iter().any(|named| targets.iter().any(|target| target.key == *named))
        };
        workflow.has_no_target = workflow.targets.is_empty() && !workflow.triggers.iter().any(is_named);
        workflow.triggers.sort_by(|a, b| (&a.source, &a.event_type).cmp(&(&b.source, &b.event_type)));
    }
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use inlet_core::{Uuid, delivery::TargetRouting};
    use inlet_store::{TargetHealth, TargetState};

    use super::*;

    fn target(key: &str, workflows: Option<&[&str]>) -> TargetRecord {
        let workflows = workflows.map(|keys| keys.iter().map(|key| Box::from(*key)).collect());
        TargetRecord {
            id: 1,
            environment_id: 1,
            key: key.to_owned(),
            kind: "webhook".to_owned(),
            settings: "{}".to_owned(),
            routing: TargetRouting { workflows, ..TargetRouting::of_chunks(1000) },
            has_secrets: false,
            state: TargetState::Running,
            state_reason: None,
            state_since_ms: 0,
            health: TargetHealth::default(),
            version: 1,
            created_at_ms: 0,
            updated_at_ms: 0,
        }
    }

    fn trigger(workflow: &str, source: &str, targets: &[&str]) -> (String, WorkflowTrigger) {
        let trigger = WorkflowTrigger {
            source: source.to_owned(),
            mapping_id: String::new(),
            event_type: "Paid".to_owned(),
            action_type: "workflows_trigger".to_owned(),
            active: true,
            targets: targets.iter().map(|key| (*key).to_owned()).collect(),
        };
        (workflow.to_owned(), trigger)
    }

    #[test]
    fn mappings_targets_and_runs_name_workflows() {
        let triggers =
            [trigger("receipt", "web", &[]), trigger("receipt", "shop", &[]), trigger("alert", "shop", &["crm"])];
        let targets = [target("crm", Some(&["welcome"])), target("mail", Some(&["receipt", "welcome"]))];
        let recent = [RecentWorkflow { workflow: "old".to_owned(), runs: 3, last_run: Uuid::nil(), last_run_ms: 0 }];
        let found = workflows(triggers.into_iter(), &targets, &recent);
        let shown: Vec<_> = found
            .iter()
            .map(|found| {
                let sources: Vec<&str> = found.triggers.iter().map(|trigger| trigger.source.as_str()).collect();
                format!("{} {sources:?} {:?} {} {}", found.key, found.targets, found.has_no_target, found.recent_runs)
            })
            .collect();
        assert_eq!(
            shown,
            [
                r#"alert ["shop"] [] false 0"#,
                r#"old [] [] true 3"#,
                r#"receipt ["shop", "web"] ["mail"] false 0"#,
                r#"welcome [] ["crm", "mail"] false 0"#,
            ]
        );
    }

    #[test]
    fn a_target_without_a_choice_gets_every_workflow() {
        let found = workflows([trigger("receipt", "web", &[])].into_iter(), &[target("crm", None)], &[]);
        assert_eq!((found[0].targets.as_slice(), found[0].has_no_target), (&["crm".to_owned()][..], false));
        let none = workflows([trigger("receipt", "web", &["gone"])].into_iter(), &[], &[]);
        assert!(none[0].has_no_target, "a target that is not there gets nothing");
    }
}
