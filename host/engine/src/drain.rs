//! What nobody wants of a body: it is read for a moment and thrown away, so that its sender can read our answer instead of
//! seeing its connection reset.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// For how long.
const DRAIN: Duration = Duration::from_secs(5);

/// Reads on, beside what answers.
pub fn throw_away(mut body: Body) {
    tokio::spawn(async move {
        let reading = async { while let Some(Ok(_)) = body.frame().await {} };
        let _ = timeout(DRAIN, reading).await;
    });
}
