//! Translates requests of WorkOS: one event per request.
//!
//! The event's name is in `event`, not in `type`. Keys below `data.raw_attributes` are URNs with dots and colons, which
//! JSON Pointers contain unchanged.

use inlet_plugin::named::{self, EventName};
use inlet_plugin::{Event, Item, Node, Notice, Plugin, Request, Translation, Value};

/// Translator for WorkOS.
#[derive(Debug)]
pub struct WorkOs;

inlet_plugin::export!(WorkOs);

const NAME: EventName = EventName { member: "event", example: "user.created", platform: "WorkOS" };

impl Plugin for WorkOs {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = named::object(request)?;
        let [name, id, created_at, data] = body.fields(["event", "id", "created_at", "data"]);
        let mut event = Event::new(NAME.read(request, name.as_ref())?);
        event.user_id = data.as_ref().and_then(|data| user(&event.event_type, data)).map(Value::from);
        event.idempotency_key = id.map(Value::from);
        event.occurred_at = created_at.map(Value::from);
        event.data = data.map(Value::from);
        Ok(Item::Event(event).into())
    }
}

/// Returns the id of the user, or of the directory's user, that an event is about.
fn user<'a>(event_type: &str, data: &Node<'a>) -> Option<Node<'a>> {
    let [id, user_id, accepted_user_id, user, owner] =
        data.fields(["id", "user_id", "accepted_user_id", "user", "owner"]);
    if event_type.starts_with("user.") || event_type.starts_with("dsync.user.") {
        return id;
    }
    // Sessions, sign-ins and memberships name their user, accepted invitations the user who accepted; a change of a group
    // contains the user. An API key belongs to a user or to an organisation.
    let is_user = |owner: &Node<'_>| owner.get("type").and_then(|kind| kind.as_str()).is_none_or(|kind| kind == "user");
    let named = [user_id, accepted_user_id].into_iter().flatten().find(|id| !id.is_absent());
    named.or_else(|| user?.get("id")).or_else(|| owner.filter(is_user)?.get("id"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::WorkOs>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
