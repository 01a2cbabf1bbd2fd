//! Translates what RudderStack sends: calls in Segment's shape with habits of their own, arrays of them, and calls whose
//! properties stand flattened in the query of a GET or DELETE.
//!
//! Its habits: an identify's traits sit in `context.traits` more often than at the top; ids are `""` or null; `type` is
//! written in any case; `record` and `audiencelist` are types too. One status counts for a whole array, so that what
//! cannot be read is rejected item by item.

mod call;
mod flattened;

use inlet_plugin::segment::{call_type_of_path, not_an_object};
use inlet_plugin::{Item, Kind, Notice, Plugin, Request, Translation, translate_each};

/// The plugin.
#[derive(Debug)]
pub struct RudderStack;

inlet_plugin::export!(RudderStack);

impl Plugin for RudderStack {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        if flattened::is_one(request) {
            return flattened::event(request).map(|event| Translation::from(Item::Event(event)));
        }
        let body = request.json()?;
        // Of a payload without `type`, as a mapped one may be: `…/track` behind the endpoint's address.
        let default_type = call_type_of_path(&request.path);
        match body.kind() {
            Kind::Array => {
                let event = |element| Item::from(call::event(element, default_type));
                translate_each(body.items(), "", event).map(Translation::from)
            }
            Kind::Object => Ok(Translation::from(Item::from(call::event(body, default_type)))),
            _ => Err(not_an_object(&body)),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::RudderStack>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
