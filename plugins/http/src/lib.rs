//! Translates requests of any HTTP client: Segment-shaped calls or, with an `event_type_path`, any JSON.
//!
//! A body is one object, an array of objects, or NDJSON. Senders are a developer's own programs, so mistakes are
//! answered with a sentence that tells how to fix them.

mod any;
mod call;

use inlet_plugin::segment::not_an_object;
use inlet_plugin::{
    Documents, Event, Item, Kind, Node, Notice, Plugin, Request, Translation, translate_array, translate_each,
};

/// Translator for any HTTP client.
#[derive(Debug)]
pub struct Http;

inlet_plugin::export!(Http);

impl Plugin for Http {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        // With an event type path, the sender chooses the shape of everything else.
        let read: fn(Node<'_>) -> Result<Event, Notice> =
            if request.fact("event_type_path").is_some() { any::event } else { call::event };
        let items = match request.documents()? {
            Documents::Lines(lines) => translate_each(request, lines, "", |line| Item::from(line.and_then(read)))?,
            Documents::One(body) => match body.kind() {
                Kind::Array => translate_array(request, &body, |element| Item::from(read(element)))?,
                Kind::Object => vec![Item::from(read(body))],
                _ => return Err(not_an_object(&body)),
            },
        };
        Ok(Translation::from(items))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Http>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
