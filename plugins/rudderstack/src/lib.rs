//! Translates requests of RudderStack: Segment-shaped calls, arrays of them, the envelopes of RudderStack's SDKs, and
//! calls whose properties are flattened into the query of a GET or DELETE, or into a form. A call may also be XML.
//!
//! RudderStack differs from Segment: an identify's traits are mostly in `context.traits`, ids are `""` or null, `type`
//! has any case, and `record` and `audiencelist` are further types. One status counts for a whole array, so an
//! unreadable item is rejected alone.

mod call;
mod flattened;
mod xml;

use inlet_plugin::envelope::translate_calls;
use inlet_plugin::segment::call_type_of_path;
use inlet_plugin::{Item, Notice, Plugin, Request, Translation};

/// Translator for RudderStack.
#[derive(Debug)]
pub struct RudderStack;

inlet_plugin::export!(RudderStack);

impl Plugin for RudderStack {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        if flattened::is_flattened_call(request) {
            return flattened::event(request).map(|event| Translation::from(Item::Event(event)));
        }
        let text = request.text()?;
        if let Some(form) = flattened::form(text) {
            return flattened::event_of_form(request, &form).map(|event| Translation::from(Item::Event(event)));
        }
        // A payload without `type`, for example a mapped one, takes the type of the path, such as `…/track`.
        let default_type = call_type_of_path(&request.path);
        if text.trim_ascii_start().starts_with('<') {
            return xml::event(text, default_type).map(|event| Translation::from(Item::Event(event)));
        }
        let body = request.json()?;
        let by_path = request.fact("event_type_path").is_some();
        translate_calls(request, body, by_path, |call| call::event(call, default_type))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::RudderStack>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
