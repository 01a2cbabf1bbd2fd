//! `/e/{environment}/deliveries`: the calls by which runs reach their targets, and those that were given up.

mod discard;
mod list;
mod retry;
mod retry_many;
mod selection;
mod show;

use askama::Template;
use axum::{
    Router,
    routing::{get, post},
};
use inlet_api_types::deliveries::Delivery;
use inlet_engine::clock::now_ms;

use crate::{
    components::{Html, outcome, time},
    html::url_part,
    state::Dashboard,
};

/// The routes of this page. No id begins with `~`.
pub fn routes() -> Router<Dashboard> {
    Router::new()
        .route("/e/{environment}/deliveries", get(list::list))
        .route("/e/{environment}/deliveries/~retry", get(retry_many::count).post(retry_many::retry))
        .route("/e/{environment}/deliveries/~retry/progress", get(retry_many::progress))
        .route("/e/{environment}/deliveries/~discard", get(discard::count).post(discard::discard))
        .route("/e/{environment}/deliveries/{id}", get(show::show))
        .route("/e/{environment}/deliveries/{id}/retry", post(retry::retry))
}

/// The page of a delivery.
pub fn delivery_address(environment: &str, id: &str) -> String {
    format!("/e/{}/deliveries/{}", url_part(environment), url_part(id))
}

#[derive(Template)]
#[template(path = "pages/deliveries/table.html")]
struct Table<'a> {
    environment: &'a str,
    deliveries: &'a [Delivery],
}

impl Table<'_> {
    fn badge(&self, delivery: &Delivery) -> outcome::Badge {
        outcome::delivery(outcome::delivery_status(delivery))
    }

    fn href(&self, delivery: &Delivery) -> String {
        delivery_address(self.environment, &delivery.id)
    }

    fn next(&self, delivery: &Delivery) -> Html {
        next_attempt(delivery)
    }

    fn target(&self, delivery: &Delivery) -> String {
        super::targets::target_address(self.environment, &delivery.target)
    }
}

/// The time of a delivery's next attempt. One that is due is sent as soon as its target takes it.
fn next_attempt(delivery: &Delivery) -> Html {
    let muted = |text: &str| Html::trusted(format!(r#"<span class="muted">{text}</span>"#));
    match delivery.next_attempt_at.as_deref() {
        None if delivery.under_way => muted("now"),
        None => muted("none"),
        Some(at) if inlet_core::time::parse(at).is_some_and(|at| at / 1000 <= now_ms()) => muted("due"),
        Some(at) => time::ago(at),
    }
}

/// A table of deliveries, which other pages show too.
pub fn table(environment: &str, deliveries: &[Delivery]) -> Html {
    Html::of(&Table { environment, deliveries })
}
