//! Draining the body of a request that was refused before its end, so that its sender can read the answer instead of
//! seeing its connection reset.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// The longest time for which a body is drained.
const MAX_TIME: Duration = Duration::from_secs(5);

/// Reads the rest of a body in the background and discards it.
pub fn drain(mut body: Body) {
    tokio::spawn(async move {
        let reading = async { while let Some(Ok(_)) = body.frame().await {} };
        let _ = timeout(MAX_TIME, reading).await;
    });
}
