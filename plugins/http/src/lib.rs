//! Translates requests of any HTTP client: Segment-shaped calls or, with an `event_type_path`, any JSON.
//!
//! A body is one object, an array of objects, NDJSON, or the envelope of an SDK. Senders are a developer's own programs, so mistakes are
//! answered with a sentence that tells how to fix them.

mod any;
mod call;

use inlet_plugin::envelope::{self, translate_calls};
use inlet_plugin::segment::Call;
use inlet_plugin::{Documents, Event, Item, Node, Notice, Plugin, Request, Translation, translate_each};

/// Translator for any HTTP client.
#[derive(Debug)]
pub struct Http;

inlet_plugin::export!(Http);

impl Plugin for Http {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        // With an event type path, the sender chooses the shape of everything else.
        let by_path = request.fact("event_type_path").is_some();
        let read: fn(Call<'_>) -> Result<Event, Notice> = if by_path { any::event } else { call::event };
        match request.documents()? {
            Documents::Lines(lines) => {
                let event = |line: Node<'_>| read(envelope::element(Call::read(line)?, by_path)?);
                let item = |line: Result<Node<'_>, Notice>| Item::from(line.and_then(event));
                translate_each(request, lines, "", item).map(Translation::from)
            }
            Documents::One(body) => translate_calls(request, body, by_path, read),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Http>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
