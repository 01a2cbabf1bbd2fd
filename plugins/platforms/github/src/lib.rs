//! Translates requests of GitHub: one event per request, as JSON or as a form that holds the JSON. The event's name is
//! in a header and in the body's `action`.

mod form;

use inlet_plugin::segment::{MAX_EVENT_TYPE, not_a_string};
use inlet_plugin::{Event, Item, Kind, Node, Notice, Plugin, Request, Translation, Value, jsonrpc::quote};

/// Translator for GitHub.
#[derive(Debug)]
pub struct GitHub;

inlet_plugin::export!(GitHub);

impl Plugin for GitHub {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let name = request.header("x-github-event").unwrap_or_default();
        if name == "ping" {
            let sentence = "GitHub asked whether anybody is here, as it does once for a new webhook.";
            return Ok(Translation::from(Item::Ignored(Notice::new("ping", sentence))));
        }
        if name.is_empty() && request.fact("event_type_path").is_none() {
            return Err(Notice::new(
                "missing_field",
                "There is no header x-github-event; expected the event's name in it, for example issues. Check that GitHub \
                 sent the request and that nothing on its way drops headers, or set an event type path.",
            ));
        }
        let mut event = match form::payload(request.text()?) {
            // Encoded values cannot be pointed at, so they are copied.
            Some(payload) => event(name, &form::read(&payload?)?, |node| Value::Made(node.raw().to_owned())),
            None => event(name, &request.json()?, |node| Value::at(node.at())),
        }?;
        let delivery = request.header("x-github-delivery").filter(|id| !id.is_empty());
        event.idempotency_key = delivery.map(|id| Value::Made(quote(id)));
        Ok(Translation::from(Item::Event(event)))
    }
}

fn event(name: &str, body: &Node<'_>, value: impl Fn(&Node<'_>) -> Value) -> Result<Event, Notice> {
    if body.kind() != Kind::Object {
        let found = body.kind();
        let sentence = format!(
            "Expected an event as a JSON object, found {found}. Check that GitHub sent the request as it came."
        );
        return Err(Notice::new("not_an_object", sentence));
    }
    let [action, sender] = body.fields(["action", "sender"]);
    let mut event = Event::new(name);
    if let Some(action) =
        action.as_ref().and_then(Node::as_str).filter(|action| !(action.is_empty() || name.is_empty()))
    {
        event.event_type = format!("{name}.{action}");
    }
    let length = event.event_type.len();
    if length > MAX_EVENT_TYPE {
        let sentence = format!(
            "The event type is {length} bytes long; at most {MAX_EVENT_TYPE} can be used. Send a shorter `action`."
        );
        return Err(Notice::new("too_long", sentence));
    }
    event.user_id = sender.and_then(|sender| sender.get("id")).as_ref().map(&value);
    event.data = Some(value(body));
    event.extras.extend(not_a_string(action.as_ref(), "action"));
    Ok(event)
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::GitHub>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
