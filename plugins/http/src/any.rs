//! Any JSON object, if the operator's `event_type_path` tells its event type.

use inlet_plugin::segment::not_an_object;
use inlet_plugin::{Event, Kind, Node, Notice, Value};

/// Returns the event of an object. The host reads its type at the operator's path.
pub(crate) fn event(item: Node<'_>) -> Result<Event, Notice> {
    if item.kind() != Kind::Object {
        return Err(not_an_object(&item));
    }
    let [user_id, snake_user_id, data, message_id, timestamp] =
        item.fields(["userId", "user_id", "data", "messageId", "timestamp"]);
    let mut event = Event::new("");
    event.user_id = user_id.filter(|id| !id.is_absent()).or(snake_user_id).map(Value::from);
    event.data = Some(match data.filter(|data| data.kind() == Kind::Object) {
        Some(data) => data.into(),
        None => Value::at(item.at()),
    });
    event.idempotency_key = message_id.map(Value::from);
    event.occurred_at = timestamp.map(Value::from);
    event.original = Some(item.into_at()).filter(|at| !at.is_empty());
    Ok(event)
}
