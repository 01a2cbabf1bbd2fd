//! `GET /system`

use askama::Template;
use futures_util::future::try_join3;
use inlet_api::Scope;
use inlet_api_types::{
    nodes::{Node, NodeList, NodeState},
    operational_events::{OperationalEvent, OperationalEventList, OperationalEventStatus},
    system::{Job, System, Work},
};
use inlet_engine::clock::now_ms;
use serde_json::Value;

use super::{
    accept_time,
    checks::{self, Check},
};
use crate::{
    components::{
        Html, bytes, confirm::confirm, copy, cure::of_operational_event, icon, outcome, time, without_routes,
    },
    context::Page,
    error::PageResult,
    html,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/system/show.html")]
struct SystemPage<'a> {
    layout: Layout<'a>,
    system: &'a System,
    nodes: &'a [Node],
    checks: Vec<Check>,
    events: &'a OperationalEventList,
}

impl SystemPage<'_> {
    fn uptime(&self) -> String {
        time::span(i64::try_from(self.system.uptime_seconds).unwrap_or_default().saturating_mul(1000))
    }

    fn sandboxes_in_use(&self) -> u64 {
        self.system.load.sandboxes.saturating_sub(self.system.load.sandboxes_free)
    }

    fn may_test(&self) -> bool {
        self.layout.page.can(Scope::Operate) && self.system.has_operational_webhook
    }

    /// The way to take the system's time, where the two times differ by much.
    fn accept_time(&self) -> Option<Html> {
        let is_off = self.system.clock.note.is_some() && self.layout.page.can(Scope::Admin);
        is_off.then(|| {
            let warning = "Retention then deletes at once what is too old by the system's clock.";
            confirm(&self.layout, "Take the system's time", warning, accept_time::WORD, "/system/clock/accept")
        })
    }

    fn node(&self, node: &Node) -> outcome::Badge {
        outcome::node(node.state == NodeState::Alive)
    }

    /// Returns the difference between a server's clock and the database's, if there is one.
    fn clock(&self, node: &Node) -> Option<String> {
        let span = time::span(node.clock_behind_ms.saturating_abs());
        match node.clock_behind_ms {
            -999..=999 => None,
            1000.. => Some(format!("{span} behind, corrected")),
            _ => Some(format!("{span} ahead, corrected")),
        }
    }

    fn job(&self, job: &Job) -> outcome::Badge {
        outcome::job(&job.outcome)
    }

    fn work(&self, work: &Work) -> &'static str {
        match work.kind.as_str() {
            "forget_requests" => "Users to forget",
            "bulk_operations" => "Bulk operations",
            "expansions" => "Runs whose objects become subscribers",
            "cancellations" => "Cancellations of many runs",
            _ => "Other work",
        }
    }

    /// A member of the facts of an operational event, as text.
    fn fact(&self, event: &OperationalEvent, name: &str) -> String {
        let facts: Option<Value> = serde_json::from_str(event.data.as_text()).ok();
        facts.and_then(|facts| facts.get(name)?.as_str().map(str::to_owned)).unwrap_or_default()
    }

    fn advice(&self, event: &OperationalEvent) -> String {
        of_operational_event(&event.event_type, &self.fact(event, "what_to_do"))
    }

    fn sending(&self, event: &OperationalEvent) -> outcome::Badge {
        outcome::operational_event(match event.status {
            OperationalEventStatus::Pending => "pending",
            OperationalEventStatus::Delivered => "delivered",
            OperationalEventStatus::Dead => "dead",
            OperationalEventStatus::Unsent => "unsent",
        })
    }
}

/// Shows the state of the server.
pub async fn show(page: Page) -> PageResult {
    let system = page.get::<System>("/v1/system");
    let events = page.get::<OperationalEventList>("/v1/operational_events?limit=20");
    let nodes = page.get::<NodeList>("/v1/nodes");
    let (system, events, nodes) = try_join3(system, events, nodes).await?;
    let checks = checks::all(&system, now_ms());
    let layout = Layout::new(&page, "System");
    Ok(respond::html(&SystemPage { layout, system: &system, nodes: &nodes.entries, checks, events: &events }))
}
