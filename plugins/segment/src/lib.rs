//! Translates what Segment sends: single calls, batches, subsets of calls, and the audience handshakes.
//!
//! Segment posts whatever its user mapped, so almost every shape is legal. What cannot be read as an event is rejected
//! item by item; its neighbours go on, because Segment applies one status to a whole batch.

mod handshake;

use inlet_plugin::segment::{Call, call_type_of_path, not_a_string, not_an_object};
use inlet_plugin::{Event, Fields, Item, Kind, Node, Notice, Plugin, Request, Translation, Value, translate_each};

/// The plugin.
#[derive(Debug)]
pub struct Segment;

inlet_plugin::export!(Segment);

impl Plugin for Segment {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = request.json()?;
        // The server SDKs' own endpoints: `/v1/track` takes a call without its type.
        let default_type = call_type_of_path(&request.path);
        match body.kind() {
            Kind::Array => batch(&body, default_type),
            Kind::Object => object(body, default_type),
            _ => Err(not_an_object(&body)),
        }
    }
}

/// A bare array of calls, or the `batch` of a server SDK.
fn batch(array: &Node<'_>, default_type: Option<&str>) -> Result<Translation, Notice> {
    let translate = |element| Item::from(element_call(element).and_then(|call| event(call, default_type)));
    translate_each(array.items(), array.at(), translate).map(Translation::from)
}

/// One call, or an object that holds something else.
fn object(body: Node<'_>, default_type: Option<&str>) -> Result<Translation, Notice> {
    let call = Call::read(body)?;
    if call.is_bare() {
        if let Some(calls) = call.item.get("batch").filter(|batch| batch.kind() == Kind::Array) {
            return batch(&calls, default_type);
        }
        if let (None, Some(answer)) = (default_type, handshake::answer(&call.item)) {
            return Ok(answer);
        }
    }
    Ok(Translation::from(Item::from(event(call, default_type))))
}

/// An element of a batch. "Extensible Webhook" wraps each call: `{"json":{…}}`.
fn element_call(element: Node<'_>) -> Result<Call<'_>, Notice> {
    let call = Call::read(element)?;
    if call.is_bare()
        && let Fields { found: [Some(inner)], others: false } = call.item.scan(["json"])
        && inner.kind() == Kind::Object
    {
        return Call::read(inner);
    }
    Ok(call)
}

/// The payload's own type wins over the path's; without either, a name makes it a track; else it is a subset.
fn event(call: Call<'_>, default_type: Option<&str>) -> Result<Event, Notice> {
    let warning = not_a_string(call.kind.as_ref(), "type");
    let own_type = call.call_type()?;
    let mut event = match own_type.as_deref().or(default_type) {
        Some(call_type) => call.into_event(call_type)?,
        None if call.event_name()?.is_some() => call.into_event("track")?,
        None => subset(call),
    };
    event.extras.extend(warning);
    Ok(event)
}

/// A part of a call, such as `$.properties`: its type is the operator's to find.
fn subset(call: Call<'_>) -> Event {
    let content = [&call.properties, &call.traits].into_iter().flatten().find(|node| !node.is_absent());
    let data = Value::at(content.unwrap_or(&call.item).at());
    call.into_untyped(Some(data))
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Segment>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
