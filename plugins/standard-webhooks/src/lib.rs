//! Translates what senders by the Standard Webhooks specification send.
//!
//! The specification fixes headers and signature. The payload is the sender's choice: `{type, timestamp, data}` is only
//! recommended, so whatever is missing is left to the operator's paths.

use inlet_plugin::jsonrpc::quote;
use inlet_plugin::segment::{MAX_EVENT_TYPE, not_a_string};
use inlet_plugin::{Event, Item, Kind, Node, Notice, Plugin, Request, Translation, Value};

/// The plugin.
#[derive(Debug)]
pub struct StandardWebhooks;

inlet_plugin::export!(StandardWebhooks);

impl Plugin for StandardWebhooks {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = request.json()?;
        if body.kind() != Kind::Object {
            let found = body.kind();
            return Err(Notice::new(
                "not_an_object",
                format!("Expected an event as a JSON object, found {found}. Send each event in a request of its own."),
            ));
        }
        let [kind, timestamp, data] = body.fields(["type", "timestamp", "data"]);
        let mut event = Event::new(event_type(kind.as_ref())?);
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

/// The type; the empty string, for the host to find it, where there is none.
fn event_type(node: Option<&Node<'_>>) -> Result<String, Notice> {
    let Some(node) = node.filter(|node| node.kind() == Kind::String) else { return Ok(String::new()) };
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
        inlet_plugin::testing::run_cases::<super::StandardWebhooks>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
