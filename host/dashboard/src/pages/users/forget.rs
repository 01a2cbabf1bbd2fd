//! `GET` and `POST /e/{environment}/users/{id}/forget`: forgetting a user, and how far it is.

use askama::Template;
use axum::{Form, extract::Path, http::Method};
use inlet_api_types::recipients::forget::{ForgetRequest, Forgotten};
use serde::Deserialize;

use super::user_address;
use crate::{
    components::{Html, confirm, copy, icon, time},
    context::Page,
    error::PageResult,
    html::{grouped, url_part},
    layout::Layout,
    respond,
};

/// The form.
#[derive(Deserialize)]
pub struct ForgetForm {
    confirm_name: String,
}

#[derive(Template)]
#[template(path = "pages/users/forgotten.html")]
struct State<'a> {
    layout: &'a Layout<'a>,
    own: String,
    request: &'a ForgetRequest,
}

impl State<'_> {
    fn is_completed(&self) -> bool {
        self.request.state == "completed"
    }

    fn icon(&self) -> &'static str {
        if self.is_completed() { "i-done" } else { "i-waiting" }
    }

    fn words(&self) -> &'static str {
        match self.request.state.as_str() {
            "completed" => "Forgotten: nothing that names the user is left",
            "erasing" => "What named the user is removed; freed space is being overwritten",
            _ => "What names the user is being removed",
        }
    }

    /// The numbers of what was removed.
    fn removed(&self) -> Vec<(&'static str, String)> {
        let Forgotten {
            users,
            subscriptions,
            audience_members,
            waits,
            events,
            raw_bodies,
            action_results,
            workflow_runs,
            workflow_run_recipients,
            deliveries,
            refused_requests,
            kept_requests,
            idempotency_keys,
            bulk_errors,
        } = self.request.removed;
        let all = [
            ("Users", users),
            ("Subscriptions", subscriptions),
            ("Memberships in audiences", audience_members),
            ("Waits of triggers", waits),
            ("Events", events),
            ("Bodies without a user", raw_bodies),
            ("Results of other events", action_results),
            ("Runs", workflow_runs),
            ("Recipients of runs", workflow_run_recipients),
            ("Deliveries", deliveries),
            ("Refused requests", refused_requests),
            ("Kept requests", kept_requests),
            ("Idempotency keys", idempotency_keys),
            ("Errors of bulk operations", bulk_errors),
        ];
        all.into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(label, count)| (label, grouped(count.cast_signed())))
            .collect()
    }
}

/// The state of a request, which asks again by itself until it is completed. `own` is the page of the user.
pub fn state_of(layout: &Layout<'_>, own: String, request: &ForgetRequest) -> Html {
    Html::of(&State { layout, own, request })
}

/// Shows the state of the newest request.
pub async fn state(page: Page, Path((environment, id)): Path<(String, String)>) -> PageResult {
    let own = user_address(&environment, &id);
    if !page.is_partial {
        return Ok(respond::go_to(&page, &own));
    }
    let path = format!("/v1/users/{}/forget?environment={}", url_part(&id), url_part(&environment));
    let request: ForgetRequest = page.get(&path).await?;
    Ok(respond::html(&State { layout: &Layout::new(&page, "Forget"), own, request: &request }))
}

/// Asks to forget a user, once its id was typed.
pub async fn forget(
    page: Page,
    Path((environment, id)): Path<(String, String)>,
    Form(form): Form<ForgetForm>,
) -> PageResult {
    confirm::check(&form.confirm_name, &id)?;
    let path = format!("/v1/users/{}/forget?environment={}", url_part(&id), url_part(&environment));
    page.call(Method::POST, &path, &[], None).await?;
    Ok(respond::go_to(&page, &user_address(&environment, &id)))
}
