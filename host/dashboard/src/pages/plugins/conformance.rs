//! `POST /plugins/{key}/versions/{version}/conformance`

use askama::Template;
use axum::{extract::Path, http::Method};
use inlet_api_types::providers::{ConformanceCheck, ConformanceReport};

use crate::{
    components::{Html, copy, icon, outcome},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    respond,
};

#[derive(Template)]
#[template(path = "pages/plugins/conformance.html")]
struct ReportPage<'a> {
    layout: Layout<'a>,
    report: &'a ConformanceReport,
}

impl ReportPage<'_> {
    fn badge(&self, check: &ConformanceCheck) -> Html {
        outcome::law(check.passed, check.is_must).html()
    }

    fn tone(&self, check: &ConformanceCheck) -> &'static str {
        outcome::law(check.passed, check.is_must).tone.as_str()
    }

    fn total(&self) -> usize {
        self.report.checks.len()
    }

    fn kept(&self) -> usize {
        self.report.checks.iter().filter(|check| check.passed).count()
    }
}

/// Checks the laws on a version, and shows the report.
pub async fn check(page: Page, Path((key, version)): Path<(String, String)>) -> PageResult {
    let path = format!("/v1/source_providers/{}/versions/{}/conformance", url_part(&key), url_part(&version));
    let report: ConformanceReport = page.call(Method::POST, &path, &[], None).await?.read()?;
    let layout = Layout::new(&page, format!("Laws of {} {}", report.plugin, report.version))
        .under("Plugins", "/plugins")
        .under(report.plugin.clone(), format!("/plugins/{}", url_part(&key)));
    Ok(respond::html(&ReportPage { layout, report: &report }))
}
