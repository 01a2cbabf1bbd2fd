//! The requests that Segment's audience destination sends before any events.
//!
//! "Create audience" posts `{"audienceName":…}` with the user's extras, "get audience" posts `{"externalId":…}`, and
//! both read `{"externalId":…}` from the answer. The audience's name serves as its id, so nothing has to be stored.

use inlet_plugin::jsonrpc::echo;
use inlet_plugin::{Fields, Item, Kind, Node, Notice, Reply, Translation};

/// Answers a handshake; `None` if the object is not one.
pub(crate) fn answer(body: &Node<'_>) -> Option<Translation> {
    let Fields { found: [name, id], others } = body.scan(["audienceName", "externalId"]);
    let (asked, id) = match (name, id) {
        (Some(name), _) => ("create an audience", name),
        (None, Some(id)) if !others => ("find an audience", id),
        _ => return None,
    };
    // The id's text is echoed.
    echo(&id).filter(|_| id.kind() == Kind::String && !id.is_absent())?;
    let notice = Notice::new("handshake", format!("Segment asked to {asked}; it was answered with the audience's id."));
    let reply = Reply::json(format!(r#"{{"externalId":{}}}"#, id.raw()));
    Some(Translation { reply: Some(reply), ..Translation::from(Item::Ignored(notice)) })
}
