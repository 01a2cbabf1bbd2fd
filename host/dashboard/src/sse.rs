//! Server-sent events of the API, read and written.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, BodyDataStream};
use futures_util::{Stream, StreamExt as _};

/// A server-sent event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The cursor.
    pub id: String,
    /// The name; empty for one that htmx inserts.
    pub name: String,
    /// The data, without line breaks.
    pub data: String,
}

impl Event {
    /// Returns the text of the event.
    pub fn write(&self) -> String {
        // A line break would begin a field: of hostile text it is a space.
        let line = |text: &str| text.replace(['\n', '\r'], " ");
        let field = |name: &str, value: &str| match value.is_empty() {
            true => String::new(),
            false => format!("{name}: {}\n", line(value)),
        };
        format!("{}{}data: {}\n\n", field("id", &self.id), field("event", &self.name), line(&self.data))
    }
}

/// The events of a body, as many at a time as it holds in one piece.
pub struct Events {
    body: BodyDataStream,
    text: Vec<u8>,
}

impl Events {
    /// Reads the events of a body.
    pub fn new(body: Body) -> Self {
        Self { body: body.into_data_stream(), text: Vec::new() }
    }

    /// Takes the events that are whole.
    fn whole(&mut self) -> Vec<Event> {
        let Some(end) = memchr::memmem::rfind(&self.text, b"\n\n") else { return Vec::new() };
        let whole: Vec<u8> = self.text.drain(..end + 2).collect();
        let text = String::from_utf8_lossy(&whole);
        text.split("\n\n").filter(|event| !event.is_empty()).map(read).collect()
    }
}

impl Stream for Events {
    type Item = Result<Vec<Event>, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match self.body.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(bytes))) => {
                    self.text.extend_from_slice(&bytes);
                    let events = self.whole();
                    if !events.is_empty() {
                        return Poll::Ready(Some(Ok(events)));
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

fn read(text: &str) -> Event {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    Event { id: field("id: "), name: field("event: "), data: field("data: ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_begins_no_field() {
        let event = Event { id: "1".to_owned(), name: String::new(), data: "a\n\nevent: gone\rid: 2".to_owned() };
        assert_eq!(event.write(), "id: 1\ndata: a  event: gone id: 2\n\n");
    }

    #[tokio::test]
    async fn events_are_read_whole_however_they_are_cut() {
        let text = "retry: 2000\nid: a\nevent: open\ndata: {}\n\nid: b\nevent: entry\ndata: {\"é\":1}\n\n";
        for at in 0..text.len() {
            let (first, rest) = text.as_bytes().split_at(at);
            let pieces = [first.to_vec(), rest.to_vec()].map(Ok::<_, axum::Error>);
            let events = Events::new(Body::from_stream(futures_util::stream::iter(pieces)));
            let read: Vec<Event> = events.map(Result::unwrap).collect::<Vec<_>>().await.concat();
            let names: Vec<(&str, &str)> = read.iter().map(|event| (&*event.name, &*event.data)).collect();
            assert_eq!(names, [("open", "{}"), ("entry", "{\"é\":1}")], "cut at {at}");
        }
    }
}
