//! A call in a request body.

use inlet_plugin::segment::{Call, not_a_string};
use inlet_plugin::{Event, Node, Notice, Value};

/// Returns the event of a call. Its type is the payload's own, else that of the path, else `track` if it has an event
/// name. Otherwise the host finds it by the operator's path.
pub(crate) fn event(mut call: Call<'_>, default_type: Option<&str>) -> Result<Event, Notice> {
    // Some pipelines write names in snake case.
    call.user_id = or_member(call.user_id, &call.item, "user_id");
    call.message_id = or_member(call.message_id, &call.item, "message_id");
    let warning = not_a_string(call.kind.as_ref(), "type");
    let own_type = call.call_type()?;
    let named = call.event_name()?.map(|_| "track");
    let call_type = own_type.as_deref().or(default_type).or(named);
    let data = data(&call, call_type)?;
    let mut event = match call_type {
        Some(call_type) => call.into_event(call_type)?,
        None => call.into_untyped(None),
    };
    event.data = data.or(event.data);
    event.extras.extend(warning);
    Ok(event)
}

/// Returns the data of a call whose type keeps it in another place than on other platforms.
fn data(call: &Call<'_>, call_type: Option<&str>) -> Result<Option<Value>, Notice> {
    match call_type {
        Some("identify") => call.traits_with_those_of_its_context(),
        // A row of a reverse ETL. `action` and `identifiers` beside it describe the operation.
        Some("record") => Ok(call.item.get("fields").map(Value::from)),
        Some(_) => Ok(None),
        None => {
            let content = [&call.properties, &call.traits].into_iter().flatten().find(|node| !node.is_absent());
            Ok(Some(Value::at(content.unwrap_or(&call.item).at())))
        }
    }
}

/// Returns a value, or another member of the call if it is absent.
fn or_member<'a>(own: Option<Node<'a>>, item: &Node<'a>, name: &str) -> Option<Node<'a>> {
    match own {
        Some(own) if !own.is_absent() => Some(own),
        own => item.get(name).or(own),
    }
}
