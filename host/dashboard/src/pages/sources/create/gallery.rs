//! The platforms that this server has plugins for, by category.

use std::collections::BTreeMap;

use askama::Template;
use inlet_api_types::providers::{ListedProvider, SourceProviderList};

use crate::{
    components::{Html, empty_state::empty_state, provider_mark::provider_mark},
    context::Page,
    error::PageResult,
    html,
    layout::Layout,
    pages::sources::may_create,
    respond,
};

/// The category of platforms whose manifest names none.
const OTHER: &str = "Other";

#[derive(Template)]
#[template(path = "pages/sources/gallery.html")]
struct GalleryPage<'a> {
    layout: Layout<'a>,
    /// The platforms, each under all of its categories.
    categories: BTreeMap<String, Vec<ListedProvider>>,
}

impl GalleryPage<'_> {
    fn may_create(&self) -> bool {
        may_create(self.layout.page)
    }

    fn mark(&self, listed: &ListedProvider) -> Html {
        provider_mark(&listed.key, &listed.provider)
    }

    fn none(&self) -> Html {
        empty_state(
            "No platforms",
            "This server has no plugins. Add one here, or with inlet plugin add.",
            Some(("Add a plugin", "/plugins/add")),
        )
    }
}

/// Shows the gallery.
pub async fn show(page: &Page) -> PageResult {
    let listed: SourceProviderList = page.get("/v1/source_providers").await?;
    let mut categories: BTreeMap<String, Vec<ListedProvider>> = BTreeMap::new();
    for provider in listed.entries {
        let named = &provider.provider.categories;
        let named = if named.is_empty() { vec![OTHER.to_owned()] } else { named.clone() };
        for category in named {
            categories.entry(category).or_default().push(provider.clone());
        }
    }
    let layout = Layout::new(page, "Create source").under("Sources", "/sources");
    Ok(respond::html(&GalleryPage { layout, categories }))
}
