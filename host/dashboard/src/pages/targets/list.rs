//! `GET /e/{environment}/targets`

use askama::Template;
use axum::extract::Path;
use inlet_api::Scope;
use inlet_api_types::targets::{Target, TargetList};

use super::{kinds::TargetKind, new_target_address, target_address};
use crate::{
    components::{Html, empty_state::empty_state, icon, outcome, time},
    context::Page,
    error::PageResult,
    html::{self, url_part},
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/targets/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    environment: String,
    targets: Vec<Target>,
}

impl ListPage<'_> {
    fn may_add(&self) -> bool {
        self.layout.page.can(Scope::Operate)
    }

    fn add(&self) -> String {
        new_target_address(&self.environment)
    }

    fn empty(&self) -> Html {
        let text = "Runs of this environment are recorded, and sent nowhere. A target is a webhook or a workflow engine that \
                    gets them.";
        let add = self.add();
        empty_state("No targets yet", text, self.may_add().then_some(("Add target", &add)))
    }

    fn href(&self, target: &Target) -> String {
        target_address(&self.environment, &target.key)
    }

    fn waiting(&self, target: &Target) -> String {
        format!("/e/{}/deliveries?target={}", url_part(&self.environment), url_part(&target.key))
    }

    fn kind(&self, target: &Target) -> String {
        kind_label(target)
    }

    fn url(&self, target: &Target) -> Option<String> {
        url(target)
    }

    fn badge(&self, target: &Target) -> outcome::Badge {
        outcome::target(target.state)
    }
}

/// The name of a target's kind, or of its preset.
pub fn kind_label(target: &Target) -> String {
    let preset = preset(target);
    TargetKind::of(&target.kind, preset.as_deref()).map_or_else(|| target.kind.clone(), |kind| kind.label.to_owned())
}

/// The preset of a target.
pub fn preset(target: &Target) -> Option<String> {
    inlet_core::json::member(target.options.as_text(), "preset").and_then(inlet_core::json::string)
}

/// The URL of a target.
pub fn url(target: &Target) -> Option<String> {
    target.url.as_ref().and_then(|url| url.to_str())
}

/// Lists the targets.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let path = format!("/v1/targets?environment={}", url_part(&environment));
    let TargetList { entries: targets, .. } = page.get(&path).await?;
    Ok(respond::html(&ListPage { layout: Layout::new(&page, "Targets"), environment, targets }))
}
