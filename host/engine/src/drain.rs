//! Draining the body of a request that was refused before its end, so that its sender can read the answer instead of
//! seeing its connection reset.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// The longest time for which a body is drained.
const MAX_TIME: Duration = Duration::from_secs(5);
/// The most bytes that a connection still waits for, rather than being closed after the answer.
const SMALL: u64 = 64 * 1024;

/// The rest of a body that is drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Nothing, or so little that the connection can be kept.
    Small,
    /// More, or an unknown length: the answer should close the connection.
    Large,
}

/// Reads the rest of a body in the background and discards it. A body that is here already, as small ones are, needs no
/// background.
pub fn drain(mut body: Body) -> Rest {
    loop {
        match body.frame().now_or_never() {
            Some(None | Some(Err(_))) => return Rest::Small,
            Some(Some(Ok(_))) => {}
            None => break,
        }
    }
    if body.is_end_stream() {
        return Rest::Small;
    }
    let rest = match body.size_hint().upper() {
        Some(left) if left <= SMALL => Rest::Small,
        _ => Rest::Large,
    };
    tokio::spawn(async move {
        let reading = async { while let Some(Ok(_)) = body.frame().await {} };
        let _ = timeout(MAX_TIME, reading).await;
    });
    rest
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn the_connection_is_kept_for_a_body_that_is_here_or_small() {
        assert_eq!(drain(Body::from(vec![0; 1 << 20])), Rest::Small, "it is here");
        assert_eq!(drain(Body::empty()), Rest::Small);
        let endless = stream::pending::<Result<Bytes, std::io::Error>>();
        assert_eq!(drain(Body::from_stream(endless)), Rest::Large, "its length is unknown");
    }
}
