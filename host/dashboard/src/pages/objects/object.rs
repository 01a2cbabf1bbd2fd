//! `GET /e/{environment}/objects/{collection}/{id}`

use askama::Template;
use axum::extract::Path;
use inlet_api_types::recipients::{
    objects::CollectionObject,
    subscriptions::{Subscription, SubscriptionList},
};

use super::{object_address, recipient};
use crate::{
    components::{Html, copy, filter::Filters, json_tree::JsonTree, pagination::pagination, time},
    context::Page,
    error::PageResult,
    html::url_part,
    layout::Layout,
    respond,
};

/// The object's own subscriptions that are shown.
const OWN: usize = 20;

#[derive(Template)]
#[template(path = "pages/objects/object.html")]
struct ObjectPage<'a> {
    layout: Layout<'a>,
    environment: &'a str,
    object: CollectionObject,
    filters: Filters,
    subscribers: SubscriptionList,
    own: SubscriptionList,
}

impl ObjectPage<'_> {
    fn properties(&self) -> Html {
        JsonTree::new(self.object.properties.as_text(), "the properties").html()
    }

    fn subscriber(&self, subscription: &Subscription) -> (String, String) {
        recipient(self.environment, &subscription.recipient)
    }

    fn followed(&self, subscription: &Subscription) -> (String, String) {
        let object = &subscription.object;
        (format!("{}/{}", object.collection, object.id), object_address(self.environment, object))
    }

    fn pages(&self) -> Html {
        pagination(&self.filters, &self.subscribers.page_info)
    }
}

/// Shows an object with its subscribers.
pub async fn show(page: Page, Path((environment, collection, id)): Path<(String, String, String)>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query);
    let slug = url_part(&environment);
    let path = format!("/v1/objects/{}/{}", url_part(&collection), url_part(&id));
    let object_path = format!("{path}?environment={slug}");
    let subscribers_path = format!("{path}/subscriptions?{}", filters.to_query(&[("environment", &environment)]));
    let own_path = format!("{path}/subscriptions?environment={slug}&mode=recipient&limit={OWN}");
    let (object, subscribers, own) = tokio::join!(
        page.get::<CollectionObject>(&object_path),
        page.get::<SubscriptionList>(&subscribers_path),
        page.get::<SubscriptionList>(&own_path),
    );
    let layout = Layout::new(&page, id)
        .under("Objects", format!("/e/{slug}/objects"))
        .under(collection.clone(), format!("/e/{slug}/objects?collection={}", url_part(&collection)));
    let (object, subscribers, own) = (object?, subscribers?, own?);
    Ok(respond::html(&ObjectPage { layout, environment: &environment, object, filters, subscribers, own }))
}
