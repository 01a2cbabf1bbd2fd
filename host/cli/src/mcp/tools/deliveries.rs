//! Runs of workflows, their deliveries, and the targets that get them.

use inlet_api_types::{
    deliveries::{Delivery, DeliveryList},
    runs::WorkflowRunList,
    targets::TargetList,
};

use super::{CURSOR, ENVIRONMENT, Needs, Tool, page};
use crate::{
    enum_word::word,
    filter::{delivery, run},
    mcp::{
        Session,
        given::Given,
        parameter::{Kind, filter, filter_as, optional},
    },
    output::text::{clean, shorten},
};

pub(super) const LIST_RUNS: Tool = Tool {
    name: "list_runs",
    title: "List runs",
    description: "Lists runs of workflows, newest first: of an environment, of a workflow, or those that an event caused.",
    needs: Needs::Read,
    parameters: &[
        optional("environment", Kind::Text, ENVIRONMENT),
        filter_as("event_id", run::EVENT_ID, Kind::Text),
        filter(run::WORKFLOW, Kind::Text),
        optional("limit", Kind::UpTo(50), "The most runs; 20 by default"),
        optional("cursor", Kind::Text, CURSOR),
    ],
    run: runs,
};

pub(super) const LIST_DELIVERIES: Tool = Tool {
    name: "list_deliveries",
    title: "List deliveries",
    description: "Lists deliveries of runs to targets, newest first, with their last error. A dead one was given up.",
    needs: Needs::Read,
    parameters: &[
        optional("environment", Kind::Text, ENVIRONMENT),
        filter_as("event_id", delivery::EVENT_ID, Kind::Text),
        filter_as("run_id", delivery::RUN_ID, Kind::Text),
        filter(delivery::TARGET, Kind::Text),
        filter(delivery::STATUS, Kind::Text),
        filter(delivery::WORKFLOW, Kind::Text),
        optional("limit", Kind::UpTo(50), "The most deliveries; 20 by default"),
        optional("cursor", Kind::Text, CURSOR),
    ],
    run: deliveries,
};

pub(super) const LIST_TARGETS: Tool = Tool {
    name: "list_targets",
    title: "List targets",
    description: "Lists the targets that get an environment's runs, with their state and how much waits for them.",
    needs: Needs::Read,
    parameters: &[optional("environment", Kind::Text, ENVIRONMENT)],
    run: targets,
};

/// Returns the query of a list: the environment, the filters of its tool, and the page.
fn query(session: &Session, given: &Given, tool: &Tool) -> anyhow::Result<String> {
    let pages = given.query(&[("cursor", "after"), ("limit", "limit")]);
    let limit = if given.json("limit").is_none() { "&limit=20" } else { "" };
    Ok(session.environment(given)? + &given.filters(tool.parameters) + &pages + limit)
}

fn runs(session: &Session, given: &Given) -> anyhow::Result<String> {
    let query = query(session, given, &LIST_RUNS)?;
    let list: WorkflowRunList = session.client.get(&format!("/v1/workflow_runs?{query}"))?;
    let lines = list.entries.iter().map(|run| {
        let (status, event) = (word(&run.status), &run.source_event_id);
        format!(
            "{} {} {status}, {} recipients, caused by event {event}",
            run.id,
            clean(&run.workflow),
            run.recipients_count
        )
    });
    Ok(page(lines.collect(), list.page_info.after.as_deref()))
}

fn deliveries(session: &Session, given: &Given) -> anyhow::Result<String> {
    let query = query(session, given, &LIST_DELIVERIES)?;
    let list: DeliveryList = session.client.get(&format!("/v1/deliveries?{query}"))?;
    Ok(page(list.entries.iter().map(line).collect(), list.page_info.after.as_deref()))
}

/// Returns a delivery in one line.
pub(super) fn line(delivery: &Delivery) -> String {
    let Delivery { id, target, workflow, status, attempts, last_error, source_event_id, .. } = delivery;
    let error = last_error.as_deref().map(|error| format!(": {}", shorten(&clean(error), 200))).unwrap_or_default();
    let (status, workflow) = (word(status), clean(workflow));
    format!(
        "delivery {id} of {workflow} to {target} {status} after {attempts} attempts, event {source_event_id}{error}"
    )
}

fn targets(session: &Session, given: &Given) -> anyhow::Result<String> {
    let list: TargetList = session.client.get(&format!("/v1/targets?{}", session.environment(given)?))?;
    let lines = list.entries.iter().map(|target| {
        let reason = target.state_reason.as_deref().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
        format!("{} {}, {} open deliveries{reason}", target.key, word(&target.state), target.open_deliveries)
    });
    Ok(page(lines.collect(), None))
}
