//! `GET /plugins`: the installed platforms by category.

use std::collections::BTreeMap;

use askama::Template;
use inlet_api_types::providers::{ListedProvider, PluginProblem, SourceProviderList};

use super::add;
use crate::{
    components::{icon, outcome, provider_mark},
    context::Page,
    error::PageResult,
    html,
    layout::Layout,
    respond,
};

/// The category of a platform that names none.
const OTHER: &str = "Other";

#[derive(Template)]
#[template(path = "pages/plugins/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    /// The platforms by their first category; those without one come last.
    categories: Vec<(String, Vec<ListedProvider>)>,
    problems: Vec<PluginProblem>,
}

impl ListPage<'_> {
    fn may_add(&self) -> bool {
        add::may_add(self.layout.page)
    }
}

fn by_category(providers: Vec<ListedProvider>) -> Vec<(String, Vec<ListedProvider>)> {
    let mut categories: BTreeMap<String, Vec<ListedProvider>> = BTreeMap::new();
    for listed in providers {
        let category = listed.provider.categories.first().map_or(OTHER, String::as_str).to_owned();
        categories.entry(category).or_default().push(listed);
    }
    let others = categories.remove_entry(OTHER);
    categories.into_iter().chain(others).collect()
}

/// Lists the plugins.
pub async fn list(page: Page) -> PageResult {
    let SourceProviderList { entries, problems, .. } = page.get("/v1/source_providers").await?;
    let categories = by_category(entries);
    Ok(respond::html(&ListPage { layout: Layout::new(&page, "Plugins"), categories, problems }))
}
