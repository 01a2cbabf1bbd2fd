//! Translates what any HTTP client sends: Segment-shaped calls or, with an `event_type_path`, any JSON.
//!
//! One object, an array of them, or one on each line. The senders are a developer's own programs, so a mistake is
//! answered with a sentence that says how to mend it.

mod any;
mod call;

use inlet_plugin::segment::not_an_object;
use inlet_plugin::{Documents, Event, Item, Kind, Node, Notice, Plugin, Request, Translation, translate_each};

/// The plugin.
#[derive(Debug)]
pub struct Http;

inlet_plugin::export!(Http);

impl Plugin for Http {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        // Where the operator says where the type is, the shape of everything else is the sender's choice.
        let read: fn(Node<'_>) -> Result<Event, Notice> =
            if request.fact("event_type_path").is_some() { any::event } else { call::event };
        let items = match request.documents()? {
            Documents::Lines(lines) => translate_each(lines, "", |line| Item::from(line.and_then(read)))?,
            Documents::One(body) => match body.kind() {
                Kind::Array => translate_each(body.items(), "", |element| Item::from(read(element)))?,
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
