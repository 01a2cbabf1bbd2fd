//! `POST /system/events/test`

use axum::http::Method;

use crate::{context::Page, error::PageResult, respond};

/// Sends a test to the webhook for operational events; the list shows whether it was taken.
pub async fn send(page: Page) -> PageResult {
    page.call(Method::POST, "/v1/operational_events/test", &[], None).await?;
    Ok(respond::go_to(&page, "/system#events"))
}
