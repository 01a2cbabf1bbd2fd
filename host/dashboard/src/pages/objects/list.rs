//! `GET /e/{environment}/objects`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::recipients::objects::{CollectionList, CollectionObject, ObjectList};
use inlet_core::json;

use super::{is_hidden, object_address};
use crate::{
    components::{
        Html,
        empty_state::empty_state,
        filter::{Choice, Filters},
        icon,
        pagination::pagination,
        time,
    },
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    respond,
};

/// The parameter that chooses the collection.
const COLLECTION: &str = "collection";

#[derive(Template)]
#[template(path = "pages/objects/objects.html")]
struct ObjectsPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    is_hidden: bool,
    collections: CollectionList,
    collection: Option<String>,
    filters: Filters,
    list: Option<ObjectList>,
}

impl ObjectsPage<'_> {
    fn choices(&self) -> Vec<Choice> {
        let entries = self.collections.entries.iter().map(|found| found.collection.as_str());
        let choice = |name: &str| Choice {
            label: name.to_owned(),
            href: format!("/e/{}/objects?{COLLECTION}={}", url_part(self.environment), url_part(name)),
            is_chosen: self.collection.as_deref() == Some(name),
        };
        entries.map(choice).collect()
    }

    fn href(&self, object: &CollectionObject) -> String {
        object_address(self.environment, object)
    }

    fn name(&self, object: &CollectionObject) -> Option<String> {
        json::member(object.properties.as_text(), "name").and_then(json::string)
    }

    fn empty(&self) -> Html {
        let text = "An object is what is no user and can be a recipient or have subscribers, such as a project. Mappings and your \
                    own code set them.";
        empty_state("No objects yet", text, Some(("Sources", "/sources")))
    }

    fn pages(&self) -> Html {
        self.list.as_ref().map(|list| pagination(&self.filters, &list.page_info)).unwrap_or_default()
    }
}

/// Lists the objects of a collection, newest first; of the first collection if none is chosen.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query).keeping(COLLECTION);
    let collections: CollectionList = page.get(&format!("/v1/objects?environment={}", url_part(&environment))).await?;
    let first = collections.entries.first().map(|found| found.collection.clone());
    let collection = filters.get(COLLECTION).map(str::to_owned).or(first);
    let is_hidden = is_hidden(&page);
    let list = match collection.as_ref().filter(|_| !is_hidden) {
        Some(collection) => {
            let query = filters.to_query(&[("environment", &environment)]);
            Some(page.get(&format!("/v1/objects/{}?{query}", url_part(collection))).await?)
        }
        None => None,
    };
    let layout = Layout::new(&page, "Objects").among_recipients();
    Ok(respond::html(&ObjectsPage {
        layout,
        environment: &environment,
        is_hidden,
        collections,
        collection,
        filters,
        list,
    }))
}
