//! Translates requests of Shopify: the resource itself, without an envelope. The topic, the delivery's id and the time
//! are in headers.

use inlet_plugin::{Event, Item, Kind, Node, Notice, Plugin, Request, Translation, Value, jsonrpc::quote};

/// Translator for Shopify.
#[derive(Debug)]
pub struct Shopify;

inlet_plugin::export!(Shopify);

impl Plugin for Shopify {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let header = |name| request.header(name).filter(|value| !value.is_empty());
        let topic = header("x-shopify-topic").unwrap_or_default();
        if topic.is_empty() && request.fact("event_type_path").is_none() {
            return Err(Notice::new(
                "missing_field",
                "There is no header x-shopify-topic; expected the topic in it, for example orders/create. Check that \
                 Shopify sent the request and that nothing on its way drops headers, or set an event type path.",
            ));
        }
        if request.text()?.trim_ascii_start().starts_with('<') {
            return Err(Notice::new(
                "unsupported",
                "The body is XML; expected JSON. Set the format of the webhook subscription to JSON.",
            ));
        }
        let body = request.json()?;
        if body.kind() != Kind::Object {
            let found = body.kind();
            let sentence = format!(
                "Expected a resource as a JSON object, found {found}. Check that Shopify sent the request as it came."
            );
            return Err(Notice::new("not_an_object", sentence));
        }
        let mut event = Event::new(topic);
        event.user_id = customer(topic, &body);
        event.data = Some(Value::at(""));
        event.idempotency_key = header("x-shopify-webhook-id").map(|id| Value::Made(quote(id)));
        event.occurred_at = header("x-shopify-triggered-at").map(|time| Value::Made(quote(time)));
        Ok(Translation::from(Item::Event(event)))
    }
}

/// Returns the customer: a member of the resource, null for a guest's order, or the resource itself. The mandatory
/// topics `customers/data_request` and `customers/redact` name the customer as orders do; `shop/redact` has none.
fn customer(topic: &str, body: &Node<'_>) -> Option<Value> {
    let [customer, customer_id, id] = body.fields(["customer", "customer_id", "id"]);
    let is_customer = topic.starts_with("customers/") && customer.is_none();
    let named = customer.and_then(|customer| customer.get("id")).or(customer_id);
    named.or(id.filter(|_| is_customer)).map(Value::from)
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Shopify>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
