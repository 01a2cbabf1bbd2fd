//! The values that a plugin's pointers resolve to.

use inlet_core::{
    contract::{Body, Request, TranslatedEvent, Value},
    json::{self, Cut},
};

/// Returns an event's values with their names; absent ones are left out.
pub(super) fn values(event: &TranslatedEvent) -> impl Iterator<Item = (&'static str, &Value)> {
    [
        ("user_id", &event.user_id),
        ("data", &event.data),
        ("idempotency_key", &event.idempotency_key),
        ("occurred_at", &event.occurred_at),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value.as_ref()?)))
}

/// Returns the text that the host would cut out of the request, or `None` if the value points to nothing.
pub(super) fn resolve(request: &Request, value: &Value) -> Option<String> {
    let body = match &request.body {
        Body::Text(text) => text.as_ref(),
        Body::Bytes(_) => "",
    };
    let cut = |at: &str| {
        let mut cut = Cut::new();
        let slot = cut.add(at);
        cut.resolve(body).get(slot).map(str::to_owned)
    };
    match value {
        Value::At(at) => cut(at),
        Value::Made(text) => Some(text.clone()),
        Value::Assembled(members) => {
            let found: Vec<(&str, String)> =
                members.iter().filter_map(|(key, at)| Some((key.as_str(), cut(at)?))).collect();
            Some(json::object(found.iter().map(|(key, value)| (key, value.as_str()))))
        }
    }
}
