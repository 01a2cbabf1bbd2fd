//! `GET /e/{environment}/deliveries/{id}`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::deliveries::{Delivery, DeliveryAttempt, DeliveryCall, DeliveryStatus};

use super::{delivery_address, next_attempt};
use crate::{
    components::{Html, copy, icon, json_tree::JsonTree, outcome, time},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    pages::{event_address, runs::run_address, targets::target_address},
    respond,
};

#[derive(Template)]
#[template(path = "pages/deliveries/show.html", blocks = ["pane"])]
struct DeliveryPage<'a> {
    layout: Layout<'a>,
    environment: String,
    delivery: Delivery,
    is_pane: bool,
}

impl DeliveryPage<'_> {
    fn badge(&self) -> outcome::Badge {
        outcome::delivery(outcome::delivery_status(&self.delivery))
    }

    fn next(&self) -> Html {
        next_attempt(&self.delivery)
    }

    fn own(&self) -> String {
        delivery_address(&self.environment, &self.delivery.id)
    }

    fn target(&self) -> String {
        target_address(&self.environment, &self.delivery.target)
    }

    fn run(&self) -> String {
        run_address(&self.environment, &self.delivery.workflow_run_id)
    }

    /// The recipients of the run that the delivery holds: their number, or their place among those of the run.
    fn recipients(&self) -> String {
        let (first, count) = (self.delivery.first_recipient, self.delivery.recipients_count);
        match (first, count) {
            (0, 1) => "1 recipient".to_owned(),
            (0, count) => format!("{count} recipients"),
            (first, 1) => format!("recipient {}", first + 1),
            (first, count) => format!("recipients {} to {}", first + 1, first + count),
        }
    }

    fn event(&self) -> String {
        event_address(&self.environment, &self.delivery.source_event_id)
    }

    fn may_retry(&self) -> bool {
        let is_possible = matches!(self.delivery.status, DeliveryStatus::Dead | DeliveryStatus::Retrying);
        is_possible && !self.delivery.under_way && self.layout.page.can(Scope::Operate)
    }

    fn is_cancel(&self) -> bool {
        self.delivery.call == DeliveryCall::Cancel
    }

    fn is_dead(&self) -> bool {
        self.delivery.status == DeliveryStatus::Dead
    }

    /// The attempts, the newest first.
    fn attempts(&self) -> Vec<&DeliveryAttempt> {
        self.delivery.attempt_log.iter().flatten().rev().collect()
    }

    fn headers(&self, text: &str, label: &str) -> Option<Html> {
        (text != "{}").then(|| JsonTree::new(text, label).html())
    }
}

/// Shows a delivery with its attempts, as a page or in the pane of the list.
pub async fn show(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let path = format!("/v1/deliveries/{}?environment={}", url_part(&id), url_part(&environment));
    let delivery: Delivery = page.get(&path).await?;
    let title = format!("{} to {}", delivery.workflow, delivery.target);
    let layout = Layout::new(&page, title).under("Deliveries", format!("/e/{}/deliveries", url_part(&environment)));
    let is_pane = page.fills("pane");
    let view = DeliveryPage { layout, environment, delivery, is_pane };
    Ok(if is_pane { respond::html(&view.as_pane()) } else { respond::html(&view) })
}
