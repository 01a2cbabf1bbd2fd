//! Verifying one refused request again, and deleting it.

use axum::{extract::Path, http::Method};
use inlet_api_types::{
    attention::Dismissed,
    refused_requests::{DismissRefusedRequests, VerifiedRequest},
};

use crate::{
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    pages::source_place::SourcePlace,
    respond,
};

/// Verifies the request with the present secret, and leads to the event that it became.
pub async fn verify(page: Page, Path((environment, key, id)): Path<(String, String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let path = place.api(&format!("/refused/{}/verify", url_part(&id)));
    let answer = page.call(Method::POST, &path, &[], None).await?;
    let verified: VerifiedRequest = answer.read()?;
    match (verified.cause, verified.events.first()) {
        (Some(cause), _) => {
            let message =
                format!("the request does not verify with the present secret either ({cause}); it stays refused");
            Err(PageError::new(axum::http::StatusCode::CONFLICT, message))
        }
        (None, Some(event)) => {
            let [environment, key] = [&place.environment, &place.key].map(|part| url_part(part));
            Ok(respond::go_to(&page, &format!("/e/{environment}/logs/{key}/{}", url_part(&event.id))))
        }
        (None, None) => Ok(respond::go_to(&page, &place.page("logs"))),
    }
}

/// Deletes the request.
pub async fn dismiss(page: Page, Path((environment, key, id)): Path<(String, String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let body = DismissRefusedRequests { ids: Some(vec![id]), cause: None };
    let _: Dismissed = page.send(Method::POST, &place.api("/refused/dismiss"), &body).await?;
    Ok(respond::go_to(&page, &place.page("refused")))
}
