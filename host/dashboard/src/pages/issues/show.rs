//! `GET /e/{environment}/issues/{id}`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::{issues::Issue, logs::SourceLog, refused_requests::RefusedRequestDetails};

use super::{address, parts};
use crate::{
    components::{Html, cure::Cause, icon, outcome, time},
    context::Page,
    error::{PageError, PageResult},
    html::{self, url_part},
    layout::Layout,
    pages::{event_address, source_place::SourcePlace},
    respond,
};

#[derive(Template)]
#[template(path = "pages/issues/show.html", blocks = ["pane"])]
struct IssuePage<'a> {
    layout: Layout<'a>,
    issue: &'a Issue,
    /// The reason of the last failure; none if it is no longer stored.
    reason: Option<String>,
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

    /// The source in the environment of the issue.
    fn place(&self) -> Option<SourcePlace> {
        place(self.issue)
    }

    /// The page of the last log entry or the last refused request.
    fn last(&self) -> Option<String> {
        match (&self.issue.last_log_id, &self.issue.last_refused_id) {
            (Some(id), _) => Some(match self.place() {
                Some(place) => place.entry(id),
                None => event_address(&self.issue.environment, id),
            }),
            (None, Some(id)) => Some(format!("{}/{}", self.place()?.page("refused"), url_part(id))),
            (None, None) => None,
        }
    }

    /// The page of the mapping; none if it was deleted.
    fn mapping(&self) -> Option<String> {
        let mapping = self.issue.mapping.as_ref().filter(|mapping| mapping.event_type.is_some())?;
        Some(self.place()?.page(&format!("mappings/{}", url_part(&mapping.id))))
    }

    /// The list of the entries of this cause, of all mappings.
    fn entries(&self) -> Option<String> {
        let source = self.issue.source.as_ref().filter(|_| self.issue.last_log_id.is_some())?;
        let [environment, source, kind, code] =
            [&self.issue.environment, source, &self.issue.kind, &self.issue.code].map(|part| url_part(part));
        Some(format!("/e/{environment}/logs?source={source}&outcome={kind}&code={code}"))
    }
}

fn place(issue: &Issue) -> Option<SourcePlace> {
    Some(SourcePlace::new(issue.environment.clone(), issue.source.clone()?))
}

/// Returns the reason of the last failure, in the words of its log entry or its refused request.
async fn last_reason(page: &Page, issue: &Issue) -> Option<String> {
    if let Some(id) = &issue.last_log_id {
        let entry: SourceLog = page.get(&format!("/v1/logs/{}", url_part(id))).await.ok()?;
        let undelivered = || entry.deliveries.iter().flatten().find_map(|delivery| delivery.last_error.clone());
        return if issue.stage == "deliver" { undelivered().or(entry.reason) } else { entry.reason };
    }
    let (id, place) = (issue.last_refused_id.as_ref()?, place(issue)?);
    let refused: RefusedRequestDetails = page.get(&place.api(&format!("/refused/{}", url_part(id)))).await.ok()?;
    refused.request.reason
}

/// Shows an issue, as a page or in the pane of the list.
pub async fn show(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let issue: Issue = page.get(&format!("/v1/issues/{}", url_part(&id))).await?;
    if issue.environment != environment {
        return Err(PageError::not_found(format!("there is no issue {id:?} in {environment:?}")));
    }
    let reason = last_reason(&page, &issue).await;
    let is_pane = page.fills("pane");
    let list = format!("/e/{}/issues", url_part(&environment));
    let layout = Layout::new(&page, issue.code.clone()).under("Issues", list);
    let view = IssuePage { layout, issue: &issue, reason, is_pane };
    Ok(match is_pane {
        true => respond::html(&view.as_pane()),
        false => respond::html(&view),
    })
}
