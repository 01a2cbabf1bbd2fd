//! Translates requests of Jitsu: Segment-shaped calls, single or in batches, and the records of its reverse ETL.
//!
//! Calls have additional members (`requestIp`, `receivedAt`, names that begin with `$`), which are ordinary data. A
//! user's template may render the body, so the operator may have to tell its event type.

mod records;

use inlet_plugin::envelope::translate_calls;
use inlet_plugin::segment::{Call, not_a_string};
use inlet_plugin::{Event, Kind, Notice, Plugin, Request, Translation, Value};

/// Translator for Jitsu.
#[derive(Debug)]
pub struct Jitsu;

inlet_plugin::export!(Jitsu);

impl Plugin for Jitsu {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = request.json()?;
        if body.kind() == Kind::Object
            && let Some(records) = body.get("records").filter(|records| records.kind() == Kind::Array)
            && Call::read(body.clone())?.is_bare()
        {
            return records::translate(request, &records);
        }
        translate_calls(request, body, request.fact("event_type_path").is_some(), event)
    }
}

/// Returns the event of a call. A name without a type makes it a `track`; without either, the host finds the type by
/// the operator's path.
fn event(call: Call<'_>) -> Result<Event, Notice> {
    let warning = not_a_string(call.kind.as_ref(), "type");
    let own_type = call.call_type()?;
    let named = call.event_name()?.map(|_| "track");
    let mut event = match own_type.as_deref().or(named) {
        Some("identify") => {
            // Jitsu documents that traits are at the top or in the context, "depending on the library".
            let traits = call.traits_with_those_of_its_context()?;
            let event = call.into_event("identify")?;
            Event { data: traits.or(event.data.clone()), ..event }
        }
        Some(call_type) => call.into_event(call_type)?,
        None => {
            let content = [&call.properties, &call.traits].into_iter().flatten().find(|node| !node.is_absent());
            let data = Value::at(content.unwrap_or(&call.item).at());
            call.into_untyped(Some(data))
        }
    };
    event.extras.extend(warning);
    Ok(event)
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Jitsu>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
