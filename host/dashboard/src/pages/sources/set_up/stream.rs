//! `GET /e/{environment}/sources/{key}/set-up/stream`: the panel, whenever something in it changes.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderName, HeaderValue, header},
    response::IntoResponse as _,
};
use futures_util::{StreamExt as _, stream as streams};
use tokio::time::{Instant, sleep};

use super::{PAGE, panel};
use crate::{
    context::Page,
    error::PageResult,
    layout::Layout,
    pages::source_place::SourcePlace,
    sse::{Event, Events},
};

/// The pause between two looks at requests that make no event: refused ones, and those with a wrong URL.
const PACE: Duration = Duration::from_secs(1);
/// The time after which the stream ends. A browser connects again, and shows that its session is still there.
const LENGTH: Duration = Duration::from_secs(15 * 60);

/// An open panel.
struct Follower {
    page: Page,
    place: SourcePlace,
    events: Events,
    shown: String,
    ends_at: Instant,
}

/// Streams the panel.
pub async fn stream(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let events = Events::new(page.open(&format!("{}&missed=skip", place.api("/logs/stream")), &[]).await?);
    let follower = Follower { page, place, events, shown: String::new(), ends_at: Instant::now() + LENGTH };
    let body = streams::unfold(follower, |mut follower| async {
        let text = follower.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), follower))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        // Without it nginx would collect the events.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

impl Follower {
    /// Returns the next text: the panel where it changed, or a comment that keeps the connection; none at the end.
    async fn next(&mut self) -> Option<String> {
        loop {
            let Self { page, place, .. } = self;
            let layout = Layout::new(page, String::new()).at(place.page(PAGE));
            // A panel that cannot be read now is looked at again.
            let panel = panel::render(page, &layout, place).await.ok().map(|panel| panel.as_str().to_owned());
            if let Some(panel) = panel.filter(|panel| without_times(panel) != without_times(&self.shown)) {
                self.shown.clone_from(&panel);
                return Some(Event { data: panel, ..Event::default() }.write());
            }
            if Instant::now() >= self.ends_at {
                return None;
            }
            tokio::select! {
                events = self.events.next() => {
                    let events = events?.ok()?;
                    if events.iter().any(|event| event.name == "end") {
                        return None;
                    }
                    if events.iter().any(|event| event.name == "heartbeat") {
                        return Some(":\n\n".to_owned());
                    }
                }
                () = sleep(PACE) => {}
            }
        }
    }
}

/// Returns a panel without its `time` elements' words, which the browser counts up itself.
fn without_times(panel: &str) -> String {
    let mut rest = panel;
    let mut text = String::with_capacity(panel.len());
    while let Some(at) = rest.find("<time ") {
        text.push_str(&rest[..at]);
        let end = rest[at..].find("</time>").map_or(rest.len(), |end| at + end);
        // The attribute `datetime` stays: another time is a change.
        let words = rest[at..end].find('>').map_or(end, |words| at + words);
        text.push_str(&rest[at..words]);
        rest = &rest[end..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_times_are_no_change_and_times_are() {
        let panel = |time: &str, words: &str| format!("<p><time datetime=\"{time}\" data-ago>{words}</time></p>");
        assert_eq!(without_times(&panel("a", "5 s ago")), without_times(&panel("a", "6 s ago")));
        assert_ne!(without_times(&panel("a", "5 s ago")), without_times(&panel("b", "5 s ago")));
    }
}
