//! The default schema: Segment's `track` and `identify`. It is read strictly, because the sender is told of a mistake
//! and can fix it.

use inlet_plugin::segment::Call;
use inlet_plugin::{Event, Kind, Node, Notice};

/// Returns the event of a call.
pub(crate) fn event(call: Call<'_>) -> Result<Event, Notice> {
    let refuse = |code, message: String| Err(Notice::new(code, message).at(call.item.at()));
    if let Some(found) = wrong_type(call.kind.as_ref()) {
        return refuse(
            "wrong_type",
            format!("`type` is {found}; expected `track` or `identify`, or none for `track`."),
        );
    }
    match call.call_type()?.as_deref() {
        None | Some("track") => {}
        Some("identify") => return call.into_event("identify"),
        Some(_) => {
            return refuse(
                "unknown_type",
                "`type` is neither `track` nor `identify`. Send one of these, or set an event type path to use another \
                 schema."
                    .to_owned(),
            );
        }
    }
    if let Some(found) = wrong_type(call.event.as_ref()) {
        return refuse("wrong_type", format!("`event` is {found}; expected the event's name as a string."));
    }
    if call.event_name()?.is_none() {
        return refuse(
            "missing_field",
            "A `track` needs `event`, the event's name as a string that is not empty; found none.".to_owned(),
        );
    }
    call.into_event("track")
}

/// Returns the kind of a member that should be a string and is not. Null counts as absent.
fn wrong_type(node: Option<&Node<'_>>) -> Option<Kind> {
    node.map(Node::kind).filter(|kind| !matches!(kind, Kind::String | Kind::Null))
}
