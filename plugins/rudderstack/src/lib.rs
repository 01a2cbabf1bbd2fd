//! Translates requests of RudderStack: Segment-shaped calls, arrays of them, and calls whose properties are flattened
//! into the query of a GET or DELETE.
//!
//! RudderStack differs from Segment: an identify's traits are mostly in `context.traits`, ids are `""` or null, `type`
//! has any case, and `record` and `audiencelist` are further types. One status counts for a whole array, so an
//! unreadable item is rejected alone.

mod call;
mod flattened;

use inlet_plugin::segment::{call_type_of_path, not_an_object};
use inlet_plugin::{Item, Kind, Notice, Plugin, Request, Translation, translate_array};

/// Translator for RudderStack.
#[derive(Debug)]
pub struct RudderStack;

inlet_plugin::export!(RudderStack);

impl Plugin for RudderStack {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        if flattened::is_flattened_call(request) {
            return flattened::event(request).map(|event| Translation::from(Item::Event(event)));
        }
        let body = request.json()?;
        // A payload without `type`, for example a mapped one, takes the type of the path, such as `…/track`.
        let default_type = call_type_of_path(&request.path);
        match body.kind() {
            Kind::Array => {
                let event = |element| Item::from(call::event(element, default_type));
                translate_array(request, &body, event).map(Translation::from)
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
