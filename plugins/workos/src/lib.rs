//! Translates what WorkOS sends: one event in a request.
//!
//! The event's name is in `event`, not in `type`. Keys below `data.raw_attributes` are URNs with dots and colons; they
//! are pointed at as they are.

use inlet_plugin::segment::MAX_EVENT_TYPE;
use inlet_plugin::{Event, Item, Kind, Node, Notice, Plugin, Request, Translation, Value};

/// The plugin.
#[derive(Debug)]
pub struct WorkOs;

inlet_plugin::export!(WorkOs);

impl Plugin for WorkOs {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = request.json()?;
        if body.kind() != Kind::Object {
            let found = body.kind();
            return Err(Notice::new(
                "not_an_object",
                format!("Expected an event as a JSON object, found {found}. Send each event in a request of its own."),
            ));
        }
        let [name, id, created_at, data] = body.fields(["event", "id", "created_at", "data"]);
        let mut event = Event::new(event_type(request, name.as_ref())?);
        event.user_id = data.as_ref().and_then(|data| user(&event.event_type, data)).map(Value::from);
        event.idempotency_key = id.map(Value::from);
        event.occurred_at = created_at.map(Value::from);
        event.data = data.map(Value::from);
        Ok(Item::Event(event).into())
    }
}

/// The id of the user, or of the directory's user, that an event is about.
fn user<'a>(event_type: &str, data: &Node<'a>) -> Option<Node<'a>> {
    let [id, user_id, user] = data.fields(["id", "user_id", "user"]);
    if event_type.starts_with("user.") || event_type.starts_with("dsync.user.") {
        return id;
    }
    // Sessions, sign-ins and memberships name their user; a group that gains or loses one holds it.
    user_id.filter(|id| !id.is_absent()).or_else(|| user?.get("id"))
}

/// The name, which every event has; the empty string, for the host to find it by the operator's path, where there is none.
fn event_type(request: &Request, node: Option<&Node<'_>>) -> Result<String, Notice> {
    let usable = node.is_some_and(|node| node.kind() == Kind::String && !node.is_absent());
    if !usable && request.fact("event_type_path").is_some() {
        return Ok(String::new());
    }
    let Some(node) = node.filter(|node| !node.is_absent()) else {
        let sentence = "Found no `event`; expected a name such as `user.created`. Send the event as WorkOS makes it.";
        return Err(Notice::new("missing_field", sentence));
    };
    if node.kind() != Kind::String {
        let found = node.kind();
        let sentence =
            format!("`event` is {found}; expected a string such as `user.created`. Send the event as WorkOS makes it.");
        return Err(Notice::new("wrong_type", sentence));
    }
    let Some(name) = node.as_str() else {
        let sentence = "`event` holds a lone surrogate, which is no Unicode text. Send whole characters.";
        return Err(Notice::new("not_utf8", sentence));
    };
    if name.len() > MAX_EVENT_TYPE {
        let sentence =
            format!("`event` is {} bytes long; at most {MAX_EVENT_TYPE} can be used. Send a shorter one.", name.len());
        return Err(Notice::new("too_long", sentence));
    }
    Ok(name.into_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::WorkOs>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
