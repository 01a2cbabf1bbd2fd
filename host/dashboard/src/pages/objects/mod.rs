//! `/e/{environment}/objects`, `/tenants` and `/audiences`: one list with a tab for each.

mod audience;
mod audiences;
mod list;
mod object;
mod tenant;
mod tenants;

use axum::{Router, routing::get};
use inlet_api_types::recipients::{objects::CollectionObject, subscriptions::Recipient};

use super::users::{Person, user_address};
use crate::{context::Page, html::url_part, state::Dashboard};

/// The routes of these pages.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/objects", get(list::list))
        .route("/e/{environment}/objects/{collection}/{id}", get(object::show))
        .route("/e/{environment}/tenants", get(tenants::list))
        .route("/e/{environment}/tenants/{id}", get(tenant::show))
        .route("/e/{environment}/audiences", get(audiences::list))
        .route("/e/{environment}/audiences/{key}", get(audience::show))
}

/// The page of an object.
pub fn object_address(environment: &str, object: &CollectionObject) -> String {
    let [environment, collection, id] = [environment, &object.collection, &object.id].map(url_part);
    format!("/e/{environment}/objects/{collection}/{id}")
}

/// The page of an audience.
pub fn audience_address(environment: &str, key: &str) -> String {
    format!("/e/{}/audiences/{}", url_part(environment), url_part(key))
}

/// The page of a tenant.
fn tenant_address(environment: &str, id: &str) -> String {
    format!("/e/{}/tenants/{}", url_part(environment), url_part(id))
}

/// The name and the page of a recipient.
fn recipient(environment: &str, recipient: &Recipient) -> (String, String) {
    match recipient {
        Recipient::User(user) => {
            let person = Person::of(user);
            let title = match person.title() == person.id {
                true => person.id.clone(),
                false => format!("{} ({})", person.title(), person.id),
            };
            (title, user_address(environment, &user.id))
        }
        Recipient::Object(object) => {
            (format!("{}/{}", object.collection, object.id), object_address(environment, object))
        }
    }
}

/// Returns true if the environment of the page hides personal data.
fn is_hidden(page: &Page) -> bool {
    page.environment.as_ref().is_some_and(|environment| environment.hide_personal_data)
}
