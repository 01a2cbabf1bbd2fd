//! Translates requests of Segment: single calls, batches, parts of calls, and audience handshakes.
//!
//! Segment posts whatever its user mapped, so almost every shape is legal. Segment applies one status to a whole batch,
//! so an unreadable item is rejected alone.

mod handshake;

use inlet_plugin::segment::{Call, call_type_of_path, not_a_string, not_an_object};
use inlet_plugin::{Event, Fields, Item, Kind, Node, Notice, Plugin, Request, Translation, Value, translate_array};

/// Translator for Segment.
#[derive(Debug)]
pub struct Segment;

inlet_plugin::export!(Segment);

impl Plugin for Segment {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = request.json()?;
        // The server SDKs post to endpoints such as `/v1/track`, which take a call without its type.
        let default_type = call_type_of_path(&request.path);
        match body.kind() {
            Kind::Array => batch(request, &body, default_type),
            Kind::Object => object(request, body, default_type),
            _ => Err(not_an_object(&body)),
        }
    }
}

/// Translates a bare array of calls, or the `batch` of a server SDK.
fn batch(request: &Request, array: &Node<'_>, default_type: Option<&str>) -> Result<Translation, Notice> {
    let translate = |element| Item::from(element_call(element).and_then(|call| event(call, default_type)));
    translate_array(request, array, translate).map(Translation::from)
}

/// Translates one call, or an object that holds something else.
fn object(request: &Request, body: Node<'_>, default_type: Option<&str>) -> Result<Translation, Notice> {
    let call = Call::read(body)?;
    if call.is_bare() {
        if let Some(calls) = call.item.get("batch").filter(|batch| batch.kind() == Kind::Array) {
            return batch(request, &calls, default_type);
        }
        if let (None, Some(answer)) = (default_type, handshake::answer(&call.item)) {
            return Ok(answer);
        }
    }
    Ok(Translation::from(Item::from(event(call, default_type))))
}

/// Returns the call of a batch element. "Extensible Webhook" wraps each call: `{"json":{…}}`.
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

/// Returns the event of a call. Its type is the payload's own, else that of the path, else `track` if it has an event
/// name. Otherwise it is a part of a call.
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

/// Returns the event of a part of a call, such as `$.properties`. The host finds its type by the operator's path.
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
