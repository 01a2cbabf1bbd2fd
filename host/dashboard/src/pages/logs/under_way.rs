//! `GET /e/{environment}/logs/{source}/{id}/deliveries`: loads the page of an event again once its first deliveries came to an
//! end.

use axum::{
    extract::Path,
    http::{HeaderName, StatusCode},
    response::IntoResponse as _,
};
use inlet_api_types::{
    deliveries::{Delivery, DeliveryStatus},
    logs::SourceLogList,
};

use super::Place;
use crate::{context::Page, error::PageResult, html::url_part};

const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Returns true if a delivery waits for its first attempt, or for the end of it. One that is tried again takes longer than
/// somebody looks on.
pub fn are_under_way(deliveries: &[Delivery]) -> bool {
    deliveries.iter().any(|delivery| delivery.under_way || delivery.status == DeliveryStatus::Pending)
}

/// Leads to the page once no delivery is under way; changes nothing before.
pub async fn wait(page: Page, Path((environment, source, id)): Path<(String, String, String)>) -> PageResult {
    let place = Place { environment, source, id };
    let [source, id, environment] = [&place.source, &place.id, &place.environment].map(|part| url_part(part));
    let list: SourceLogList = page.get(&format!("/v1/sources/{source}/logs?environment={environment}&id={id}")).await?;
    let deliveries = list.entries.first().and_then(|entry| entry.deliveries.as_deref()).unwrap_or_default();
    Ok(match are_under_way(deliveries) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (StatusCode::OK, [(HX_REDIRECT, place.own())]).into_response(),
    })
}
