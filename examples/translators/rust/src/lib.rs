//! Translates requests of Orders.

use inlet_plugin::{Event, Item, Kind, Notice, Plugin, Request, Translation};

/// Translator for Orders.
#[derive(Debug)]
pub struct Orders;

inlet_plugin::export!(Orders);

impl Plugin for Orders {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = request.json()?;
        if body.kind() != Kind::Object {
            return Err(Notice::new("not_an_object", "The body is no JSON object; send one event as an object."));
        }
        let [kind, customer, id, created, order] = body.fields(["type", "customer", "id", "created", "order"]);
        let Some(kind) = kind.as_ref().and_then(|kind| kind.as_str()) else {
            return Err(Notice::new("missing_field", "There is no string at `type`; it names the event."));
        };
        let mut event = Event::new(kind);
        // The plugin points at values; the host cuts them out of the body unchanged, every digit of them.
        event.user_id = customer.map(Into::into);
        event.idempotency_key = id.map(Into::into);
        event.occurred_at = created.map(Into::into);
        event.data = order.map(Into::into);
        Ok(Translation::from(Item::Event(event)))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Orders>(concat!(env!("CARGO_MANIFEST_DIR"), "/../cases"));
    }
}
