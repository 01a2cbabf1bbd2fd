//! Translates requests of senders that follow the Standard Webhooks specification.
//!
//! The specification fixes the headers and the signature. The payload is the sender's choice: `{type, timestamp, data}`
//! is only recommended, so the operator's paths tell whatever is missing.

use inlet_plugin::jsonrpc::quote;
use inlet_plugin::named;
use inlet_plugin::segment::not_a_string;
use inlet_plugin::{Event, Item, Kind, Notice, Plugin, Request, Translation, Value};

/// Translator for Standard Webhooks.
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
        // The header `webhook-timestamp` is the time of this attempt, so it is not used.
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
