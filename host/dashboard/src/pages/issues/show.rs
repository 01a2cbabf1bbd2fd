//! `GET /e/{environment}/issues/{id}`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::issues::Issue;

use super::{address, parts};
use crate::{
    components::{Html, cure::Cause, icon, outcome, time},
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/issues/show.html", blocks = ["pane"])]
struct IssuePage<'a> {
    layout: Layout<'a>,
    issue: &'a Issue,
    is_pane: bool,
}

impl IssuePage<'_> {
    fn own(&self) -> String {
        address(&self.issue.environment, &self.issue.id)
    }

    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn cure(&self) -> Html {
        Cause::of_issue(self.issue).html(&self.layout)
    }

    /// The page of the last log entry.
    fn last(&self) -> Option<String> {
        let (id, source) = (self.issue.last_log_id.as_ref()?, self.issue.source.as_ref()?);
        Some(format!("/e/{}/logs/{}/{}", url_part(&self.issue.environment), url_part(source), url_part(id)))
    }

    /// The search that finds the last log entry, where its source is not known.
    fn search(&self) -> Option<String> {
        let id = self.issue.last_log_id.as_ref().filter(|_| self.issue.source.is_none())?;
        Some(format!("/search?q={}", url_part(id)))
    }

    /// The list of the entries of this cause, of all mappings.
    fn entries(&self) -> Option<String> {
        let source = self.issue.source.as_ref().filter(|_| self.issue.last_log_id.is_some())?;
        let [environment, source, kind, code] =
            [&self.issue.environment, source, &self.issue.kind, &self.issue.code].map(|part| url_part(part));
        Some(format!("/e/{environment}/logs?source={source}&outcome={kind}&code={code}"))
    }
}

/// Shows an issue, as a page or in the pane of the list.
pub async fn show(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let issue: Issue = page.get(&format!("/v1/issues/{}", url_part(&id))).await?;
    if issue.environment != environment {
        return Err(PageError::not_found(format!("there is no issue {id:?} in {environment:?}")));
    }
    let is_pane = page.fills("pane");
    let list = format!("/e/{}/issues", url_part(&environment));
    let layout = Layout::new(&page, issue.code.clone()).under("Issues", list);
    let view = IssuePage { layout, issue: &issue, is_pane };
    Ok(match is_pane {
        true => respond::html(&view.as_pane()),
        false => respond::html(&view),
    })
}
