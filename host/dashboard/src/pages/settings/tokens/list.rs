//! `GET /settings/tokens`

use askama::Template;
use axum::{http::StatusCode, response::Response};
use inlet_api::Scope;
use inlet_api_types::management_tokens::{ManagementToken, ManagementTokenList};

use super::token_form::TokenForm;
use crate::{
    components::{Html, confirm::confirm, shown_once::shown_once, time},
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/settings/tokens.html")]
struct TokensPage<'a> {
    layout: Layout<'a>,
    tokens: Vec<ManagementToken>,
    form: &'a TokenForm,
    error: Option<&'a PageError>,
    /// The token that was just made, and its secret.
    new: Option<(&'a str, &'a str)>,
}

impl TokensPage<'_> {
    fn may_change(&self) -> bool {
        self.layout.page.can(Scope::Admin) && self.layout.page.operator().environment_ids().is_none()
    }

    fn fields(&self) -> [Html; 4] {
        self.form.fields(self.layout.page, self.error)
    }

    fn error_elsewhere(&self) -> Option<&str> {
        TokenForm::error_elsewhere(self.error)
    }

    fn created(&self) -> Option<Html> {
        let (name, secret) = self.new?;
        let text = "Copy it now: the server keeps its hash only, and cannot show it again.";
        Some(shown_once(&format!("The token {name:?}"), text, secret))
    }

    /// True for the token with which this session began.
    fn is_own(&self, token: &ManagementToken) -> bool {
        self.layout.page.operator().author().token_id.is_some_and(|id| id.to_string() == token.id)
    }

    fn is_over(&self, token: &ManagementToken) -> bool {
        let end = token.expires_at.as_deref().and_then(inlet_core::time::parse);
        end.is_some_and(|end_us| end_us / 1000 <= inlet_engine::clock::now_ms())
    }

    fn delete(&self, token: &ManagementToken) -> Html {
        let warning = match self.is_own(token) {
            true => "You are signed in with it: this session ends too.",
            false => "Who uses it is refused from now on, and their sessions end.",
        };
        confirm(
            &self.layout,
            "Delete",
            warning,
            &token.name,
            &format!("/settings/tokens/{}/delete", url_part(&token.id)),
        )
    }
}

/// Lists the tokens.
pub async fn list(page: Page) -> PageResult {
    show(&page, &TokenForm::default(), None, None).await
}

/// Shows the page: with a form as it was sent and its error, or with a token that was just made.
pub async fn show(
    page: &Page,
    form: &TokenForm,
    error: Option<&PageError>,
    new: Option<(&str, &str)>,
) -> Result<Response, PageError> {
    let ManagementTokenList { entries: tokens, .. } = page.get("/v1/management_tokens").await?;
    let layout = Layout::new(page, "Tokens").in_settings();
    let mut response = respond::html(&TokensPage { layout, tokens, form, error, new });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    Ok(response)
}
