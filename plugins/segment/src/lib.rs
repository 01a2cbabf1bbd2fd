//! Translates requests of Segment: single calls, batches, parts of calls, and audience handshakes.
//!
//! Segment posts whatever its user mapped, so almost every shape is legal. Segment applies one status to a whole batch,
//! so an unreadable item is rejected alone.

mod handshake;

use inlet_plugin::envelope::{self, Envelope};
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
        let by_path = request.fact("event_type_path").is_some();
        match body.kind() {
            Kind::Array => {
                translate_array(request, &body, |node| Item::from(element_event(node, by_path, default_type)))
                    .map(Translation::from)
            }
            Kind::Object => object(request, body, by_path, default_type),
            _ => Err(not_an_object(&body)),
        }
    }
}

/// Translates one call, an envelope of calls, or an object that holds something else.
fn object(request: &Request, body: Node<'_>, by_path: bool, default_type: Option<&str>) -> Result<Translation, Notice> {
    let call = Call::read(body)?;
    if let Some(envelope) = Envelope::of(&call, by_path) {
        return envelope.translate(request, |node| element_event(node, by_path, default_type));
    }
    if call.is_bare()
        && default_type.is_none()
        && let Some(answer) = handshake::answer(&call.item)
    {
        return Ok(answer);
    }
    Ok(Translation::from(Item::from(event(call, default_type))))
}

/// Returns the event of a batch element.
fn element_event(node: Node<'_>, by_path: bool, default_type: Option<&str>) -> Result<Event, Notice> {
    event(envelope::element(element_call(node)?, by_path)?, default_type)
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
