//! `POST /e/{environment}/targets/{key}/test` and `GET /e/{environment}/targets/{key}/test?run=…`: a test and its result, parts
//! of the target's page.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    http::Method,
};
use inlet_api_types::{
    deliveries::{Delivery, DeliveryStatus},
    runs::WorkflowRun,
    targets::{TestDelivery, TestTarget},
};
use serde::Deserialize;

use super::{api_path, target_address};
use crate::{
    components::{Html, icon, outcome},
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::runs::run_address,
    respond,
};

/// The form.
#[derive(Deserialize)]
pub struct TestForm {
    workflow: String,
    #[serde(default)]
    recipient: String,
}

/// The run of a test.
#[derive(Deserialize)]
pub struct TestQuery {
    run: String,
}

#[derive(Template)]
#[template(path = "pages/targets/test.html", blocks = ["result"])]
struct ResultPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    key: &'a str,
    /// The run; none if the test was refused.
    run: Option<WorkflowRun>,
    error: Option<PageError>,
}

impl ResultPage<'_> {
    fn delivery(&self) -> Option<&Delivery> {
        self.run.as_ref()?.deliveries.as_ref()?.first()
    }

    /// True until the first attempt has ended.
    fn waits(&self) -> bool {
        self.run.is_some() && self.delivery().is_none_or(|delivery| delivery.status == DeliveryStatus::Pending)
    }

    fn badge(&self, delivery: &Delivery) -> Html {
        outcome::delivery(outcome::delivery_status(delivery)).html()
    }

    fn poll(&self, run: &WorkflowRun) -> String {
        format!("{}/test?run={}", target_address(self.environment, self.key), url_part(&run.id))
    }

    fn run_page(&self, run: &WorkflowRun) -> String {
        run_address(self.environment, &run.id)
    }
}

/// Sends a test.
pub async fn send(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Form(form): Form<TestForm>,
) -> PageResult {
    let recipient = Some(form.recipient.trim().to_owned()).filter(|recipient| !recipient.is_empty());
    let request = TestTarget { workflow: form.workflow.trim().to_owned(), recipient };
    match page.send::<TestDelivery>(Method::POST, &api_path(&environment, &key, "/test"), &request).await {
        Ok(sent) => show_run(&page, &environment, &key, &sent.workflow_run_id).await,
        Err(failure) => Ok(answer(&page, &environment, &key, None, Some(failure.into()))),
    }
}

/// Shows the result of a test.
pub async fn show(
    page: Page,
    Path((environment, key)): Path<(String, String)>,
    Query(query): Query<TestQuery>,
) -> PageResult {
    show_run(&page, &environment, &key, &query.run).await
}

async fn show_run(page: &Page, environment: &str, key: &str, run: &str) -> PageResult {
    let path = format!("/v1/workflow_runs/{}?environment={}", url_part(run), url_part(environment));
    let run: WorkflowRun = page.get(&path).await?;
    Ok(answer(page, environment, key, Some(run), None))
}

fn answer(
    page: &Page,
    environment: &str,
    key: &str,
    run: Option<WorkflowRun>,
    error: Option<PageError>,
) -> axum::response::Response {
    let layout = Layout::new(page, "Test delivery")
        .under("Targets", format!("/e/{}/targets", url_part(environment)))
        .under(key.to_owned(), target_address(environment, key));
    let status = error.as_ref().map(|error| error.status);
    let view = ResultPage { layout, environment, key, run, error };
    let mut response = if page.is_partial { respond::html(&view.as_result()) } else { respond::html(&view) };
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    response
}
