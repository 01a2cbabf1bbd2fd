//! The platforms that sources can be created for, by category: those whose plugin the server has, and those of its
//! catalogue.

use std::collections::BTreeMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use inlet_api_types::{
    catalog::{CatalogPlugin, CatalogPluginList},
    providers::{ListedProvider, SourceProviderList},
};

use crate::{
    components::{
        Html,
        empty_state::empty_state,
        icon,
        provider_mark::{mark, provider_mark},
    },
    context::Page,
    error::{PageError, PageResult},
    html,
    layout::Layout,
    pages::{plugins, sources::may_create},
    respond,
};

/// The category of platforms whose manifest names none.
const OTHER: &str = "Other";

/// The platforms of a category.
#[derive(Default)]
struct Category {
    installed: Vec<ListedProvider>,
    /// The plugins of the catalogue that are not installed.
    available: Vec<CatalogPlugin>,
}

#[derive(Template)]
#[template(path = "pages/sources/gallery.html")]
struct GalleryPage<'a> {
    layout: Layout<'a>,
    /// The text that the listed platforms hold.
    wanted: &'a str,
    /// The platforms, each under all of its categories.
    categories: BTreeMap<String, Category>,
    error: Option<&'a PageError>,
}

impl GalleryPage<'_> {
    fn may_create(&self) -> bool {
        may_create(self.layout.page)
    }

    fn may_install(&self) -> bool {
        plugins::may_add(self.layout.page)
    }

    fn has_available(&self) -> bool {
        self.categories.values().any(|category| !category.available.is_empty())
    }

    fn mark(&self, listed: &ListedProvider) -> Html {
        provider_mark(&listed.key, &listed.provider)
    }

    fn mark_of_available(&self, plugin: &CatalogPlugin) -> Html {
        mark(&plugin.key, &plugin.name, plugin.branding.as_ref())
    }

    fn none(&self) -> Html {
        match self.wanted {
            "" => empty_state(
                "No platforms",
                "This server has no plugins. Add one here, or with inlet plugin add.",
                Some(("Add a plugin", "/plugins/add")),
            ),
            wanted => {
                let text = format!(
                    "No name, key, description or category holds {wanted:?}. HTTP takes what any platform sends."
                );
                empty_state("No platform matches", &text, Some(("Show all platforms", "/sources/new")))
            }
        }
    }
}

/// Shows the platforms that hold a text, or all.
pub async fn show(page: &Page, wanted: &str) -> PageResult {
    gallery(page, wanted, None).await
}

/// Shows the gallery with the reason why a plugin was not installed.
pub async fn show_error(page: &Page, error: &PageError) -> PageResult {
    gallery(page, "", Some(error)).await
}

async fn gallery(page: &Page, wanted: &str, error: Option<&PageError>) -> Result<Response, PageError> {
    let listed: SourceProviderList = page.get("/v1/source_providers").await?;
    let catalog: CatalogPluginList = page.get("/v1/catalog").await?;
    let mut categories: BTreeMap<String, Category> = BTreeMap::new();
    for provider in listed.entries {
        let platform = &provider.provider;
        if !holds(wanted, [&provider.key, &platform.name, &platform.description], &platform.categories) {
            continue;
        }
        for category in named(&platform.categories) {
            categories.entry(category).or_default().installed.push(provider.clone());
        }
    }
    for plugin in catalog.entries.into_iter().filter(|plugin| plugin.installed.is_none()) {
        if !holds(wanted, [&plugin.key, &plugin.name, &plugin.description], &plugin.categories) {
            continue;
        }
        for category in named(&plugin.categories) {
            categories.entry(category).or_default().available.push(plugin.clone());
        }
    }
    let layout = Layout::new(page, "Create source").under("Sources", "/sources");
    let mut response = respond::html(&GalleryPage { layout, wanted, categories, error });
    *response.status_mut() = error.map_or(StatusCode::OK, |error| error.status);
    Ok(response)
}

/// Returns true if a text of a platform holds every word that is wanted, in any letter case.
fn holds(wanted: &str, texts: [&str; 3], categories: &[String]) -> bool {
    let text =
        texts.into_iter().chain(categories.iter().map(String::as_str)).collect::<Vec<_>>().join(" ").to_lowercase();
    wanted.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// Returns the categories of a manifest, or the one for those that name none.
fn named(categories: &[String]) -> Vec<String> {
    if categories.is_empty() { vec![OTHER.to_owned()] } else { categories.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_found_by_all_words_of_a_text() {
        let finds =
            |wanted| holds(wanted, ["inlet/stripe", "Stripe", "Payments and subscriptions."], &["Billing".to_owned()]);
        assert!(finds("") && finds("stripe") && finds(" PAYMENTS  billing ") && finds("inlet/"));
        assert!(!finds("stripe crm"));
    }
}
