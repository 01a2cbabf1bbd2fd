//! `GET /e/{environment}/sources/{key}/set-up/stream`: the panel, whenever something in it changes.

use std::{convert::Infallible, time::Duration};

use axum::{body::Bytes, extract::Path};
use futures_util::{StreamExt as _, stream as streams};
use tokio::time::sleep;

use super::{PAGE, panel};
use crate::{
    context::Page,
    error::PageResult,
    layout::Layout,
    pages::source_place::SourcePlace,
    sse::{Event, Events},
    stream::{self, Notice},
};

/// The pause between two looks at requests that make no event: refused ones, and those with a wrong URL.
const PACE: Duration = Duration::from_secs(1);

/// An open panel.
struct Follower {
    page: Page,
    place: SourcePlace,
    events: Events,
    shown: String,
    has_ended: bool,
}

/// Streams the panel.
pub async fn follow(page: Page, Path((environment, key)): Path<(String, String)>) -> PageResult {
    let place = SourcePlace::new(environment, key);
    let events = Events::new(page.open(&format!("{}&missed=skip", place.api("/logs/stream")), &[]).await?);
    let follower = Follower { page: page.clone(), place, events, shown: String::new(), has_ended: false };
    let panels = streams::unfold(follower, |mut follower| async {
        let text = follower.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), follower))
    });
    Ok(stream::answer(page, panels))
}

impl Follower {
    /// Returns the next text: the panel where it changed, or a comment that keeps the connection; none at the end.
    async fn next(&mut self) -> Option<String> {
        while !self.has_ended {
            let Self { page, place, .. } = self;
            let layout = Layout::new(page, String::new()).at(place.page(PAGE));
            // A panel that cannot be read now is looked at again.
            let panel = panel::render(page, &layout, place).await.ok().map(|panel| panel.as_str().to_owned());
            if let Some(panel) = panel.filter(|panel| without_times(panel) != without_times(&self.shown)) {
                self.shown.clone_from(&panel);
                // With an id the browser says that it connects again.
                return Some(Event { id: PAGE.to_owned(), data: panel, ..Event::default() }.write());
            }
            tokio::select! {
                events = self.events.next() => {
                    let events = events?.ok()?;
                    if let Some(end) = events.iter().find(|event| event.name == "end") {
                        self.has_ended = true;
                        let notice: Notice = serde_json::from_str(&end.data).ok()?;
                        return (!notice.may_continue).then(|| stream::gone(notice.message).write());
                    }
                    if events.iter().any(|event| event.name == "heartbeat") {
                        return Some(":\n\n".to_owned());
                    }
                }
                () = sleep(PACE) => {}
            }
        }
        None
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
