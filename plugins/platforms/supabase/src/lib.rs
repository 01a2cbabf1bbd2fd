//! Translates requests of Supabase's database webhooks: one row that was inserted, updated or deleted.
//!
//! The event type consists of the schema, the table and the operation: `public.orders:INSERT`. Nothing in the request
//! tells a repeated request from a second equal row, and Supabase never repeats, so there is no idempotency key.

use inlet_plugin::segment::MAX_EVENT_TYPE;
use inlet_plugin::{Event, Item, Kind, Node, Notice, Plugin, Request, Translation, Value};

/// Translator for Supabase.
#[derive(Debug)]
pub struct Supabase;

inlet_plugin::export!(Supabase);

impl Plugin for Supabase {
    fn translate(request: &Request) -> Result<Translation, Notice> {
        let body = request.json()?;
        if body.kind() != Kind::Object {
            let found = body.kind();
            return Err(Notice::new(
                "not_an_object",
                format!(
                    "Expected a change of a row as a JSON object, found {found}. Send each in a request of its own."
                ),
            ));
        }
        let [schema, table, kind, record, old_record, user_id] =
            body.fields(["schema", "table", "type", "record", "old_record", "user_id"]);
        let mut event = Event::new(event_type(request, [schema.as_ref(), table.as_ref(), kind.as_ref()])?);
        if event.event_type.len() > MAX_EVENT_TYPE {
            let length = event.event_type.len();
            return Err(Notice::new(
                "too_long",
                format!(
                    "The event type is {length} bytes long; at most {MAX_EVENT_TYPE} can be used. Use shorter names."
                ),
            ));
        }
        // A deleted row is only in `old_record`.
        let row = record.filter(|row| !row.is_absent()).or(old_record);
        event.user_id = match &row {
            Some(row) if is(schema.as_ref(), "auth") && is(table.as_ref(), "users") => row.get("id"),
            _ => user_id,
        }
        .map(Value::from);
        event.data = row.map(Value::from);
        Ok(Item::Event(event).into())
    }
}

/// Returns the event type from the names of schema, table and operation. If one is missing, returns the empty string,
/// so that the host finds the type by the operator's path.
fn event_type(request: &Request, names: [Option<&Node<'_>>; 3]) -> Result<String, Notice> {
    let usable = |node: &Option<&Node<'_>>| node.is_some_and(|node| node.kind() == Kind::String && !node.is_absent());
    if !names.iter().all(usable) && request.fact("event_type_path").is_some() {
        return Ok(String::new());
    }
    let [schema, table, kind] = names;
    let (schema, table) = (name("schema", schema)?, name("table", table)?);
    Ok(format!("{schema}.{table}:{}", name("type", kind)?))
}

fn is(node: Option<&Node<'_>>, text: &str) -> bool {
    node.and_then(Node::as_str).is_some_and(|found| found == text)
}

/// Returns one of these names.
fn name(member: &str, node: Option<&Node<'_>>) -> Result<String, Notice> {
    let advice = "Send `schema`, `table` and `type` as a database webhook does.";
    let Some(node) = node.filter(|node| !node.is_absent()) else {
        return Err(Notice::new("missing_field", format!("Found no `{member}`; expected a name. {advice}")));
    };
    if node.kind() != Kind::String {
        let sentence = format!("`{member}` is {}; expected a name as a string. {advice}", node.kind());
        return Err(Notice::new("wrong_type", sentence));
    }
    node.as_str().map(Into::into).ok_or_else(|| {
        let sentence = format!("`{member}` holds a lone surrogate, which is no Unicode text. Send whole characters.");
        Notice::new("not_utf8", sentence)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn does_what_its_cases_say() {
        inlet_plugin::testing::run_cases::<super::Supabase>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    }
}
