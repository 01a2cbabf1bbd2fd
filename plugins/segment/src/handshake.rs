//! What Segment's audience destination asks before it sends anything.
//!
//! "Create audience" posts `{"audienceName":…}` with the user's extras, "get audience" posts `{"externalId":…}`, and
//! both read `{"externalId":…}` from the answer. The audience's name serves as its id, so there is nothing to remember.

use inlet_plugin::{Fields, Item, Node, Notice, Reply, Translation};

/// The answer to a handshake. None: this object is none.
pub(crate) fn answer(body: &Node<'_>) -> Option<Translation> {
    let Fields { found: [name, id], others } = body.scan(["audienceName", "externalId"]);
    let (asked, id) = match (name, id) {
        (Some(name), _) => ("create an audience", name),
        (None, Some(id)) if !others => ("find an audience", id),
        _ => return None,
    };
    // Its text is given back as it came; what is no Unicode could not be.
    id.as_str().filter(|id| !id.is_empty())?;
    let notice = Notice::new("handshake", format!("Segment asked to {asked}; it was answered with the audience's id."));
    let mut translation = Translation::from(Item::Ignored(notice));
    translation.reply = Some(Reply::json(format!(r#"{{"externalId":{}}}"#, id.raw())));
    Some(translation)
}
