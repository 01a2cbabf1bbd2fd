//! Translates requests of Clerk: one event per request, delivered by Svix.
//!
//! The body has no event id. The delivery has one in a header, which stays the same when it is sent again.

use inlet_plugin::jsonrpc::quote;
use inlet_plugin::named::{self, EventName};
use inlet_plugin::{Event, Item, Node, Notice, Plugin, Request, Translation, Value};

/// Translator for Clerk.
#[derive(Debug)]
pub struct Clerk;

inlet_plugin::export!(Clerk);

const NAME: EventName = EventName { member: "type", example: "user.created", platform: "Clerk" };

impl Plugin for Clerk {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = named::object(request)?;
        let [kind, data, timestamp] = body.fields(["type", "data", "timestamp"]);
        let mut event = Event::new(NAME.read(request, kind.as_ref())?);
        event.user_id = data.as_ref().and_then(|data| user(&event.event_type, data)).map(Value::from);
        // Svix sends its headers under either name.
        let id = request.header("svix-id").or_else(|| request.header("webhook-id"));
        event.idempotency_key = id.map(|id| Value::Made(quote(id)));
        event.occurred_at = timestamp.map(Value::from);
        event.data = data.map(Value::from);
        Ok(Item::Event(event).into())
    }
}

/// Returns the id of the user that an event is about: Clerk's own id, because `external_id` is null for most users.
fn user<'a>(event_type: &str, data: &Node<'a>) -> Option<Node<'a>> {
    let [id, user_id, public, payer] = data.fields(["id", "user_id", "public_user_data", "payer"]);
    if event_type.starts_with("user.") {
        return id;
    }
    // Sessions and messages name their user; memberships of organisations contain a part of the user; subscriptions and
    // payments name who pays, which has no user where an organisation pays.
    let of_part = |part: Option<Node<'a>>| part?.get("user_id").filter(|id| !id.is_absent());
    user_id.filter(|id| !id.is_absent()).or_else(|| of_part(public)).or_else(|| of_part(payer))
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Clerk>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
