//! Translates requests of PostHog: its "Knock" destination, which always sends `type: track`, and its "HTTP Webhook"
//! destination, which sends `{"event":{…},"person":{…}}`.
//!
//! Users can edit both bodies in PostHog, so missing members are reported and unknown members are ignored.

use inlet_plugin::envelope::translate_calls;
use inlet_plugin::segment::{Call, not_a_string};
use inlet_plugin::{Event, Field, Kind, Node, Notice, Plugin, Request, Translation, Value};

/// Translator for PostHog.
#[derive(Debug)]
pub struct PostHog;

inlet_plugin::export!(PostHog);

impl Plugin for PostHog {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = request.json()?;
        let by_path = request.fact("event_type_path").is_some();
        translate_calls(request, body, by_path, |call| event(call, by_path))
    }
}

fn event(mut call: Call<'_>, by_path: bool) -> Result<Event, Notice> {
    let captured = call.event.clone().filter(|event| event.kind() == Kind::Object);
    let is_captured = captured.is_some();
    if let Some(captured) = captured {
        call = captured_call(call, &captured);
    }
    let warning = not_a_string(call.kind.as_ref(), "type");
    let (own_type, name) = (call.call_type()?, call.event_name()?);
    let call_type = match (own_type.as_deref(), name.as_deref()) {
        // PostHog's own names of calls that identify.
        (None | Some("track"), Some("$identify" | "$set")) => "identify",
        (Some(own_type), _) => own_type,
        (None, Some(_)) => "track",
        (None, None) if by_path => {
            let data = Value::at(call.properties.as_ref().unwrap_or(&call.item).at());
            return Ok(call.into_untyped(Some(data)));
        }
        (None, None) => {
            const SENTENCE: &str = "The event has no name: found no string that is not empty at `event`, nor at \
                                    `event.event`. Send `event`, as PostHog's templates do, or set an event type path.";
            return Err(Notice::new("missing_field", SENTENCE).at(call.item.at()));
        }
    };
    if call_type == "identify" {
        call.traits = call.traits.or_else(|| call.properties.clone());
    }
    let changed = changed_body(&call, is_captured);
    let mut event = call.into_event(call_type)?;
    event.extras.extend(warning);
    event.extras.extend(changed);
    Ok(event)
}

/// Returns a warning if a body lacks what PostHog's templates send: its user changed it, and the event says less.
fn changed_body(call: &Call<'_>, is_captured: bool) -> Option<Field> {
    let names = match is_captured {
        true => ["event.distinct_id", "event.uuid", "event.properties"],
        false => ["userId", "messageId", "properties"],
    };
    let content = call.properties.as_ref().or(call.traits.as_ref());
    let found = [call.user_id.as_ref(), call.message_id.as_ref(), content];
    let missing: Vec<String> =
        names.iter().zip(found).filter(|(_, node)| node.is_none()).map(|(name, _)| format!("`{name}`")).collect();
    (!missing.is_empty()).then(|| {
        let sentence = format!(
            "The body lacks {}, which PostHog's template sends. If its body was changed, put it back, or set the \
             source's paths to where these values are.",
            missing.join(", ")
        );
        Field::new("warning", sentence)
    })
}

/// Returns the call of `{"event":{…},"person":{…}}`. The person is null or missing if the event has no user.
fn captured_call<'a>(outer: Call<'a>, captured: &Node<'a>) -> Call<'a> {
    let [event, user_id, message_id, properties, timestamp] =
        captured.fields(["event", "distinct_id", "uuid", "properties", "timestamp"]);
    // The person describes the user; without it, `$set` does. The properties themselves describe the place of the
    // event.
    let person = outer.item.get("person").and_then(|person| person.get("properties"));
    let set = properties.as_ref().and_then(|properties| properties.get("$set"));
    let traits = [person, set].into_iter().flatten().find(|node| node.kind() == Kind::Object);
    Call { event, user_id, message_id, properties, timestamp, traits, original_timestamp: None, ..outer }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::PostHog>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
