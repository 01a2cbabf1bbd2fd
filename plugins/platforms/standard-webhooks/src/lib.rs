//! Translates what senders by the Standard Webhooks specification send.
//!
//! The specification fixes headers and signature. The payload is the sender's choice: `{type, timestamp, data}` is only
//! recommended, so whatever is missing is left to the operator's paths.

use inlet_plugin::jsonrpc::quote;
use inlet_plugin::named;
use inlet_plugin::segment::not_a_string;
use inlet_plugin::{Event, Item, Kind, Notice, Plugin, Request, Translation, Value};

/// The plugin.
#[derive(Debug)]
pub struct StandardWebhooks;

inlet_plugin::export!(StandardWebhooks);

impl Plugin for StandardWebhooks {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = named::object(request)?;
        let [kind, timestamp, data] = body.fields(["type", "timestamp", "data"]);
        // Without a type, the host finds it by the operator's path.
        let mut event = Event::new(named::text(kind.as_ref(), "type")?.unwrap_or_default());
        event.extras.extend(not_a_string(kind.as_ref(), "type"));
        event.idempotency_key = request.header("webhook-id").map(|id| Value::Made(quote(id)));
        // Not the header `webhook-timestamp`: it is when this attempt was made.
        event.occurred_at = timestamp.map(Value::from);
        event.data = Some(match data.filter(|data| data.kind() == Kind::Object) {
            Some(data) => data.into(),
            None => body.into(),
        });
        Ok(Item::Event(event).into())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::StandardWebhooks>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
