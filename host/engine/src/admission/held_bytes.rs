//! The memory that the items of a request hold beside its body.
//!
//! A small body can become many items, and a mapping copies values of the body into the payloads of its actions. So items
//! are reserved for after they were translated, and again after they were planned.

use inlet_core::{
    contract::{Field, Item, Notice, Reply, TranslatedEvent, Translation, Value},
    log::Original,
    plan::PlannedAction,
    settle::Prepared,
};
use inlet_store::CommitExtras;

/// The bytes of one item beside its texts: the item as the plugin gave it (224 bytes), its log and plan (496 bytes), room
/// that lists leave free when they grow, up to ten allocations for texts, and the item's part of the group that is
/// committed. A test compares it with the sizes.
pub(crate) const ITEM_BYTES: usize = 2048;

/// The copies of an item's event type and reason that its settlement and the list for the answer hold beside the log's.
const COPIES: usize = 2;

/// The bytes of one planned action beside its texts.
const ACTION_BYTES: usize = 576;

/// Returns the bytes that a translation holds.
pub(crate) fn of_translation(translation: &Translation) -> usize {
    let items: usize = translation.items.iter().map(|item| ITEM_BYTES + of_item(item)).sum();
    items + translation.memo.len() + translation.reply.as_ref().map_or(0, of_reply)
}

/// Returns the bytes that a plugin's rejection of a whole request holds.
pub(crate) fn of_notice(notice: &Notice) -> usize {
    notice.code.len() + notice.message.len() + notice.tag.len() + notice.at.as_ref().map_or(0, String::len)
}

/// Returns the bytes that planned items hold beside [`of_translation`] and the body, of which most of their texts are
/// slices.
pub(crate) fn of_planned(items: &[Prepared], body: &[u8]) -> usize {
    let shared = items.first().map_or(0, |first| {
        let len = |text: &Option<std::sync::Arc<str>>| text.as_deref().map_or(0, str::len);
        len(&first.log.headers) + len(&first.log.guest_logs)
    });
    shared + items.iter().map(|item| of_prepared(item, body)).sum::<usize>()
}

/// Returns the bytes that extra writes hold beside the body, which is shared.
pub(crate) fn of_extras(extras: &CommitExtras) -> usize {
    extras.keep.as_ref().map_or(0, |kept| kept.path.len() + kept.query.len() + kept.headers.len())
}

fn of_item(item: &Item) -> usize {
    match item {
        Item::Event(event) => of_event(event),
        Item::Ignored(notice) | Item::Rejected(notice) => of_notice(notice),
    }
}

fn of_event(event: &TranslatedEvent) -> usize {
    let values = [&event.user_id, &event.data, &event.idempotency_key, &event.occurred_at];
    event.event_type.len()
        + event.tag.len()
        + event.original.as_ref().map_or(0, String::len)
        + values.into_iter().flatten().map(of_value).sum::<usize>()
        + event.extras.iter().map(of_field).sum::<usize>()
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::At(text) | Value::Made(text) => text.len(),
        Value::Assembled(members) => {
            members.iter().map(|(key, at)| size_of::<(String, String)>() + key.len() + at.len()).sum()
        }
    }
}

fn of_field(field: &Field) -> usize {
    size_of::<Field>() + field.name.len() + field.value.len()
}

fn of_reply(reply: &Reply) -> usize {
    reply.content_type.len() + reply.body.len() + reply.headers.iter().map(of_field).sum::<usize>()
}

fn of_prepared(item: &Prepared, body: &[u8]) -> usize {
    let fields = &item.log.fields;
    let texts = [&fields.user_id, &fields.code, &fields.idempotency_key];
    let hints = fields.hints.iter().flat_map(|hints| hints.iter());
    let lists = fields.warnings.iter().chain(&fields.redacted);
    let (data, original) =
        (item.log.data.as_ref().map_or(&[][..], |data| data.as_bytes()), original(&item.log.original));
    let plan = item.plan.as_ref().map_or(0, |plan| {
        let key = plan.key.as_ref().map_or(0, |key| key.key.len());
        key + plan.actions.iter().map(of_action).sum::<usize>()
    });
    (1 + COPIES) * (fields.event_type.len() + fields.reason.as_ref().map_or(0, String::len))
        + texts.into_iter().flatten().map(String::len).sum::<usize>()
        + hints.map(|(_, hint)| size_of::<String>() + hint.len()).sum::<usize>()
        + lists.map(|text| size_of::<String>() + text.len()).sum::<usize>()
        + [data, original].into_iter().filter(|part| !is_part(part, body)).map(<[u8]>::len).sum::<usize>()
        + plan
}

/// The payload counts twice: the intent holds its values again, parsed.
fn of_action(action: &PlannedAction) -> usize {
    ACTION_BYTES + 2 * action.payload.len() + action.found_in.len()
}

fn original(original: &Original) -> &[u8] {
    match original {
        Original::Json(text) | Original::Text(text) => text.as_bytes(),
        Original::Bytes(bytes) => bytes,
    }
}

/// Returns true if these bytes are a slice of the body.
fn is_part(part: &[u8], body: &[u8]) -> bool {
    let (part, body) = (part.as_ptr_range(), body.as_ptr_range());
    part.start >= body.start && part.end <= body.end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_no_larger_than_what_is_reserved_for_it() {
        // A list that grew to twice its length, and ten allocations of up to 48 bytes.
        let sizes = size_of::<Item>() + size_of::<Prepared>();
        assert!(sizes + size_of::<Prepared>() + 10 * 48 <= ITEM_BYTES, "{sizes}");
        assert!(2 * size_of::<PlannedAction>() <= ACTION_BYTES, "{}", size_of::<PlannedAction>());
    }

    #[test]
    fn what_the_plugin_wrote_itself_counts() {
        let event = TranslatedEvent {
            event_type: "track/A".to_owned(),
            user_id: Some(Value::At("/u".to_owned())),
            data: Some(Value::Made("x".repeat(1000))),
            idempotency_key: None,
            occurred_at: None,
            original: Some("/0".to_owned()),
            tag: String::new(),
            extras: vec![Field::new("warning", "w".repeat(500))],
        };
        let notice = Notice { code: "c".to_owned(), message: "m".repeat(300), at: None, tag: String::new() };
        let items = vec![Item::Event(event), Item::Rejected(notice)];
        let translation = Translation { items, reply: None, memo: "m".repeat(700) };
        let found = of_translation(&translation);
        let written = 1000 + 500 + 300 + 700;
        assert!((written..written + 200).contains(&(found - 2 * ITEM_BYTES)), "{found}");
    }

    #[test]
    fn a_slice_of_the_body_costs_nothing() {
        let body = b"0123456789".to_vec();
        assert!(is_part(&body[2..5], &body) && is_part(&body, &body) && is_part(&body[10..], &body));
        assert!(!is_part(&body.clone(), &body));
    }
}
