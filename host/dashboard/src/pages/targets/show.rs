//! `GET /e/{environment}/targets/{key}`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::{
    deliveries::{Delivery, DeliveryList},
    targets::{Target, TargetState},
};

use super::{
    api_path,
    health::{self, Problem},
    list::{kind_label, url},
    target_address,
};
use crate::{
    components::{
        Html,
        confirm::confirm,
        copy,
        form::{Field, Kind},
        icon,
        json_tree::JsonTree,
        outcome, time,
    },
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::Layout,
    pages::deliveries,
    respond,
};

/// The deliveries that are shown with a target.
const NEWEST: usize = 10;

#[derive(Template)]
#[template(path = "pages/targets/show.html")]
struct TargetPage<'a> {
    layout: Layout<'a>,
    environment: String,
    target: Target,
    newest: Vec<Delivery>,
    problem: Option<Problem>,
}

impl TargetPage<'_> {
    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn own(&self) -> String {
        target_address(&self.environment, &self.target.key)
    }

    fn is_stopped(&self) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.is_stopped)
    }

    fn badge(&self) -> outcome::Badge {
        outcome::target(self.target.state)
    }

    /// The change of state that is possible: the API's word, and the button's.
    fn change(&self) -> (&'static str, &'static str) {
        match self.target.state {
            TargetState::Running => ("pause", "Pause"),
            TargetState::Paused => ("resume", "Resume"),
            TargetState::Disabled => ("enable", "Enable"),
        }
    }

    fn url(&self) -> Option<String> {
        url(&self.target)
    }

    fn kind(&self) -> String {
        kind_label(&self.target)
    }

    fn options(&self) -> Option<Html> {
        let text = self.target.options.as_text();
        (text != "{}").then(|| JsonTree::new(text, "the options").html())
    }

    fn test_fields(&self) -> [Html; 2] {
        let workflow = self.target.workflows.as_ref().and_then(|workflows| workflows.first());
        let workflow = workflow.map_or("inlet-test", String::as_str);
        [
            Field::new(Kind::Text, "workflow", "Workflow", workflow)
                .required()
                .code()
                .hint("One that the engine knows, or else it refuses the run.")
                .html(),
            Field::new(Kind::Text, "recipient", "For the user", "")
                .code()
                .placeholder("inlet-test")
                .hint("An identified user. If empty, the user inlet-test, who is made for it.")
                .html(),
        ]
    }

    fn deliveries(&self) -> Html {
        deliveries::table(&self.environment, &self.newest)
    }

    fn all_deliveries(&self, status: &str) -> String {
        let (environment, key) = (url_part(&self.environment), url_part(&self.target.key));
        let status = if status.is_empty() { String::new() } else { format!("&status={status}") };
        format!("/e/{environment}/deliveries?target={key}{status}")
    }

    fn delete(&self) -> Html {
        let warning =
            "Deliveries that wait for it are cancelled, and its secrets are deleted. Runs and deliveries stay listed.";
        confirm(&self.layout, "Delete", warning, &self.target.key, &format!("{}/delete", self.own()))
    }
}

/// Shows a target.
pub async fn show(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let target_path = api_path(&environment, &key, "");
    let newest =
        format!("/v1/deliveries?environment={}&target={}&limit={NEWEST}", url_part(&environment), url_part(&key));
    let (target, newest) = tokio::join!(page.get::<Target>(&target_path), page.get::<DeliveryList>(&newest));
    let target = target?;
    let newest = newest?.entries;
    let problem = health::problem(&target, &newest);
    let layout =
        Layout::new(&page, target.key.clone()).under("Targets", format!("/e/{}/targets", url_part(&environment)));
    Ok(respond::html(&TargetPage { layout, environment, target, newest, problem }))
}
