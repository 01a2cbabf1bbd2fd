//! Answers that go on as server-sent events, and end with their session.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::{Stream, StreamExt as _, stream, stream::BoxStream};
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use crate::{context::Page, session, sse::Event};

/// The pause between two looks at the session of an open stream: the longest time for which it goes on without one.
const PACE: Duration = Duration::from_secs(5);

/// The data of the events `missed` and `end` of a stream of the API.
#[derive(Debug, Deserialize)]
pub struct Notice {
    /// The sentence.
    pub message: String,
    /// True if the browser may connect again.
    #[serde(default)]
    pub may_continue: bool,
}

/// Returns the last event of a stream to which nobody connects again, with the reason.
pub fn gone(message: impl Into<String>) -> Event {
    Event { name: "gone".to_owned(), data: message.into(), ..Event::default() }
}

/// An open stream and its session.
struct Watched<E> {
    events: BoxStream<'static, Result<Bytes, E>>,
    page: Page,
    looked_at: Instant,
    has_ended: bool,
}

/// Returns the answer of a stream of server-sent events. It ends with the session of the page, and says so.
pub fn answer<E>(page: Page, events: impl Stream<Item = Result<Bytes, E>> + Send + 'static) -> Response
where
    E: std::error::Error + Send + Sync + 'static,
{
    let watched = Watched { events: events.boxed(), page, looked_at: Instant::now(), has_ended: false };
    let body = stream::unfold(watched, |mut watched| async {
        let next = watched.next().await?;
        Some((next, watched))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // Without it nginx would collect the events.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(body)).into_response()
}

impl<E> Watched<E> {
    /// Returns the next events; none after the last ones.
    async fn next(&mut self) -> Option<Result<Bytes, E>> {
        while !self.has_ended {
            tokio::select! {
                // A stream that always has something to send is looked at too.
                biased;
                () = sleep_until(self.looked_at + PACE) => {
                    match session::is_under_way(&self.page.dashboard.engine, &self.page.session).await {
                        Ok(true) => self.looked_at = Instant::now(),
                        Ok(false) => {
                            self.has_ended = true;
                            return Some(Ok(Bytes::from(gone("the session has ended; sign in again").write())));
                        }
                        Err(error) => {
                            // The browser connects again, which looks at the session first.
                            tracing::warn!(%error, "the session of an open stream could not be read, so the stream ends");
                            return None;
                        }
                    }
                }
                next = self.events.next() => return next,
            }
        }
        None
    }
}
