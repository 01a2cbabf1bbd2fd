//! Translates requests of Stripe: snapshot events, and the thin events of its second API.
//!
//! A snapshot contains the changed object at `data.object`. A thin event only names it, in `related_object`. Both have
//! their event type in `type` and their key in `id`.

use inlet_plugin::named::{self, EventName};
use inlet_plugin::{Event, Item, Kind, Node, Notice, Plugin, Request, Translation, Value};

/// Translator for Stripe.
#[derive(Debug)]
pub struct Stripe;

inlet_plugin::export!(Stripe);

const NAME: EventName = EventName { member: "type", example: "invoice.paid", platform: "Stripe" };

/// The event that Stripe sends to test an event destination.
const PING: &str = "v2.core.event_destination.ping";

impl Plugin for Stripe {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = named::object(request)?;
        let [kind, id, created, data, related] = body.fields(["type", "id", "created", "data", "related_object"]);
        let mut event = Event::new(NAME.read(request, kind.as_ref())?);
        if event.event_type == PING {
            let notice = Notice::new("ping", "A test of the event destination: there is nothing to do.");
            return Ok(Item::Ignored(notice).into());
        }
        let data = data.filter(|data| !data.is_absent());
        event.user_id = customer(data.as_ref(), related.as_ref());
        event.idempotency_key = id.map(Value::from);
        event.occurred_at = created.map(Value::from);
        // All of `data`, not only `data.object`: this keeps `previous_attributes`, and paths from Stripe's
        // documentation work.
        event.data = data.or(related).map(Value::from);
        Ok(Item::Event(event).into())
    }
}

/// Returns the customer that an event is about.
fn customer(data: Option<&Node<'_>>, related: Option<&Node<'_>>) -> Option<Value> {
    let is_customer =
        |kind: Option<Node<'_>>| kind.and_then(|kind| kind.as_str()).is_some_and(|kind| kind == "customer");
    let Some(object) = data.and_then(|data| data.get("object")) else {
        let [kind, id] = related?.fields(["type", "id"]);
        return id.filter(|_| is_customer(kind)).map(Value::from);
    };
    let [kind, id, customer, holder] = object.fields(["object", "id", "customer", "account_holder"]);
    // The object's own kind decides, not the event type: `customer.subscription.updated` contains a subscription.
    if is_customer(kind) {
        return id.map(Value::from);
    }
    // An account of a bank belongs to its holder, a customer or a connected account.
    let of_holder = || holder?.get("customer");
    match customer {
        Some(expanded) if expanded.kind() == Kind::Object => expanded.get("id"),
        Some(absent) if absent.is_absent() => of_holder().or(Some(absent)),
        customer => customer.or_else(of_holder),
    }
    .map(Value::from)
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Stripe>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
