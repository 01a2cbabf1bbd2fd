//! `GET /e/{environment}/workflows/{key}`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::{
    runs::{WorkflowRun, WorkflowRunList},
    workflows::{Workflow, WorkflowList},
};

use crate::{
    components::{icon, outcome, time},
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::Layout,
    respond,
};

/// The runs on the page.
const RUNS: u64 = 20;

#[derive(Template)]
#[template(path = "pages/workflows/show.html")]
struct ShowPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    workflow: &'a Workflow,
    looked_at: u64,
    runs: Vec<WorkflowRun>,
}

impl ShowPage<'_> {
    fn href(&self, run: &WorkflowRun) -> String {
        format!("/e/{}/runs/{}", url_part(self.environment), url_part(&run.id))
    }

    fn recipients(&self, run: &WorkflowRun) -> String {
        match run.recipients_count {
            1 => "1 recipient".to_owned(),
            count => format!("{} recipients", html::grouped(count)),
        }
    }
}

/// Shows a workflow.
pub async fn show(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let [slug, workflow_key] = [&environment, &key].map(|part| url_part(part));
    let list: WorkflowList = page.get(&format!("/v1/workflows?environment={slug}&key={workflow_key}")).await?;
    let missing = || {
        PageError::not_found(format!(
            "no mapping, no target and no recent run in {environment:?} names a workflow {key:?}"
        ))
    };
    let workflow = list.entries.first().ok_or_else(missing)?;
    // So many are among the newest runs, so that nothing older is searched for more.
    let runs = match workflow.recent_runs.min(RUNS) {
        0 => Vec::new(),
        limit => {
            let path = format!("/v1/workflow_runs?environment={slug}&workflow={workflow_key}&limit={limit}");
            page.get::<WorkflowRunList>(&path).await?.entries
        }
    };
    let layout = Layout::new(&page, key.clone()).under("Workflows", format!("/e/{slug}/workflows"));
    let looked_at = list.runs_looked_at;
    Ok(respond::html(&ShowPage { layout, environment: &environment, workflow, looked_at, runs }))
}
