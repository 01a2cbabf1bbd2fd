//! Any JSON object, if the operator's `event_type_path` tells its event type.

use inlet_plugin::segment::Call;
use inlet_plugin::{Event, Kind, Notice, Value};

/// Returns the event of an object. The host reads its type at the operator's path.
pub(crate) fn event(call: Call<'_>) -> Result<Event, Notice> {
    let Call { item, user_id, message_id, timestamp, .. } = call;
    let [snake_user_id, data] = item.fields(["user_id", "data"]);
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
