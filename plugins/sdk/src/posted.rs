//! Plain JSON that reverse-ETL tools post over HTTP, rendered from their user's template.
//!
//! Segment-shaped calls, one or an array of them, name their own type. Bare rows do not: the operator gives it by an
//! event type path or by the plugin's options.

use crate::envelope::translate_calls;
use crate::rows::key;
use crate::segment::{Call, checked, not_a_string};
use crate::{Event, Node, Notice, Request, Translation, Value};

/// Translates an object or an array of objects that is not a method call.
pub fn translate(request: &Request, body: Node<'_>) -> Result<Translation, Notice> {
    let options = Node::parse(&request.options, "").ok();
    let reader = Reader { by_path: request.fact("event_type_path").is_some(), options: options.as_ref() };
    // A row can have any column, so where rows have no type only an object with nothing but an envelope's members is one.
    let is_own_shape = reader.by_path || reader.option("row_type").is_some_and(|kind| kind != "none");
    translate_calls(request, body, is_own_shape, |call| reader.event(call))
}

/// The settings that decide how the rows of a request are read.
struct Reader<'a> {
    by_path: bool,
    options: Option<&'a Node<'a>>,
}

impl Reader<'_> {
    /// Returns an option's text; `None` if it is empty or not a string.
    fn option(&self, name: &str) -> Option<String> {
        let option = self.options?.get(name)?.as_str()?;
        (!option.is_empty()).then(|| option.into_owned())
    }

    fn event(&self, call: Call<'_>) -> Result<Event, Notice> {
        let warning = not_a_string(call.kind.as_ref(), "type");
        let mut event = match call.call_type()?.as_deref() {
            Some(call_type) => call.into_event(call_type),
            None if self.by_path => Ok(self.row(call.item, "")),
            None => match self.option("row_type").as_deref() {
                Some("identify") => Ok(self.row(call.item, "identify")),
                Some("track") => self.tracked(call.item),
                _ if call.event_name()?.is_some() => call.into_event("track"),
                _ => Err(Notice::new(
                    "missing_field",
                    "The row says nothing of what it is. Send `type` and `event` as in a Segment call, or set the \
                     source's option row_type, or its event type path.",
                )
                .at(call.item.at())),
            },
        }?;
        event.extras.extend(warning);
        Ok(event)
    }

    /// Returns the event of a bare row. The row's columns are the event's data.
    fn row(&self, row: Node<'_>, event_type: &str) -> Event {
        let mut event = Event::new(event_type);
        let [camel_case, message_id] = row.fields(["userId", "messageId"]);
        event.user_id = Some(match (self.option("row_user_id"), camel_case.filter(|id| !id.is_absent())) {
            (Some(column), _) => Value::At(row.at_member(&column)),
            (None, Some(id)) => id.into(),
            (None, None) => Value::At(row.at_member("user_id")),
        });
        // Rows that identify are upserts, so they get no key: a row that returns to an earlier state must take effect
        // again.
        event.idempotency_key = message_id.filter(|_| event_type != "identify").map(Value::from);
        event.data = Some(Value::at(row.at()));
        event.original = Some(row.into_at()).filter(|at| !at.is_empty());
        event
    }

    /// Returns the `track` event of a bare row.
    fn tracked(&self, row: Node<'_>) -> Result<Event, Notice> {
        let [named, time] = row.fields(["event", "timestamp"]);
        let name = self.option("row_event").or_else(|| Some(named?.as_str()?.into_owned())).unwrap_or_default();
        if name.is_empty() {
            let sentence = "The row names no event: set the source's option row_event, or send a column `event`.";
            return Err(Notice::new("missing_field", sentence).at(row.at()));
        }
        let id = self.option("row_id").and_then(|column| row.get(&column));
        let mut event = self.row(row, &format!("track/{name}"));
        event.idempotency_key = id.as_ref().map(key).or(event.idempotency_key);
        event.occurred_at = time.map(Value::from);
        checked(event)
    }
}
