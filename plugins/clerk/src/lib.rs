//! Translates what Clerk sends: one event in a request, delivered by Svix.
//!
//! The body has no id of the event. The delivery has one, in a header, and keeps it when it is sent again.

use inlet_plugin::jsonrpc::quote;
use inlet_plugin::segment::MAX_EVENT_TYPE;
use inlet_plugin::{Event, Item, Kind, Node, Notice, Plugin, Request, Translation, Value};

/// The plugin.
#[derive(Debug)]
pub struct Clerk;

inlet_plugin::export!(Clerk);

impl Plugin for Clerk {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = request.json()?;
        if body.kind() != Kind::Object {
            let found = body.kind();
            return Err(Notice::new(
                "not_an_object",
                format!("Expected an event as a JSON object, found {found}. Send each event in a request of its own."),
            ));
        }
        let [kind, data, timestamp] = body.fields(["type", "data", "timestamp"]);
        let mut event = Event::new(event_type(request, kind.as_ref())?);
        event.user_id = data.as_ref().and_then(|data| user(&event.event_type, data)).map(Value::from);
        // Svix sends its headers under either name.
        let id = request.header("svix-id").or_else(|| request.header("webhook-id"));
        event.idempotency_key = id.map(|id| Value::Made(quote(id)));
        event.occurred_at = timestamp.map(Value::from);
        event.data = data.map(Value::from);
        Ok(Item::Event(event).into())
    }
}

/// The id of the user that an event is about. Clerk's own: `external_id` is null for most.
fn user<'a>(event_type: &str, data: &Node<'a>) -> Option<Node<'a>> {
    let [id, user_id, public] = data.fields(["id", "user_id", "public_user_data"]);
    if event_type.starts_with("user.") {
        return id;
    }
    // Sessions and messages name their user; memberships of organisations hold a part of it.
    user_id.filter(|id| !id.is_absent()).or_else(|| public?.get("user_id"))
}

/// The type, which every event has; the empty string, for the host to find it by the operator's path, where there is none.
fn event_type(request: &Request, node: Option<&Node<'_>>) -> Result<String, Notice> {
    let usable = node.is_some_and(|node| node.kind() == Kind::String && !node.is_absent());
    if !usable && request.fact("event_type_path").is_some() {
        return Ok(String::new());
    }
    let Some(node) = node.filter(|node| !node.is_absent()) else {
        let sentence = "Found no `type`; expected one such as `user.created`. Send the event as Clerk makes it.";
        return Err(Notice::new("missing_field", sentence));
    };
    if node.kind() != Kind::String {
        let found = node.kind();
        let sentence =
            format!("`type` is {found}; expected a string such as `user.created`. Send the event as Clerk makes it.");
        return Err(Notice::new("wrong_type", sentence));
    }
    let Some(name) = node.as_str() else {
        let sentence = "`type` holds a lone surrogate, which is no Unicode text. Send whole characters.";
        return Err(Notice::new("not_utf8", sentence));
    };
    if name.len() > MAX_EVENT_TYPE {
        let sentence =
            format!("`type` is {} bytes long; at most {MAX_EVENT_TYPE} can be used. Send a shorter one.", name.len());
        return Err(Notice::new("too_long", sentence));
    }
    Ok(name.into_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Clerk>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
