//! The common event: the values that a plugin pointed at, cut out of the body and interpreted.
//!
//! The rules for ids, empty strings, times and keys live here once, not in every plugin. An item that breaks one is
//! rejected with a reason, and its neighbours go on. Source of the rules: semantics.md §2.

mod budget;
mod context;
mod item;
mod lookup;
mod occurred_at;
mod reading;
mod redact;
mod rejection;
mod replay;
mod slots;

use std::cell::OnceCell;

use bytestring::ByteString;
use uuid::Uuid;

use self::{budget::Budget, item::ItemReader, slots::ItemSlots};
use crate::{
    contract::{Body, Item, Notice, Translation},
    json::Cut,
    log::Outcome,
    plan::RecipientBudget,
    settle::Prepared,
};

pub use budget::Oversize;
pub use context::{Context, guest_logs_json, headers_json, verification_status};
pub(crate) use redact::is_form;
pub use redact::{redact_headers, redact_query};
pub use replay::{LoggedEvent, prepare_replay};

/// The longest event type or user id, in bytes.
pub const MAX_STRING_BYTES: usize = 64 * 1024;

/// Prepares the items of a translated request, in order.
pub fn prepare(
    context: &Context<'_>,
    body: &Body,
    translation: &Translation,
    new_id: &mut dyn FnMut() -> Uuid,
) -> Result<Vec<Prepared>, Oversize> {
    let empty = ByteString::new();
    let text = body.as_text().unwrap_or(&empty);
    let mut cut = Cut::new();
    let slots: Vec<ItemSlots<'_>> = translation.items.iter().map(|item| ItemSlots::add(item, &mut cut)).collect();
    let pieces = cut.resolve(text);
    let mut budget = Budget::new(body.as_bytes().len());
    let mut recipients = RecipientBudget::new();
    let sent_at = OnceCell::new();
    let mut prepared = Vec::with_capacity(translation.items.len());
    for (index, (item, slots)) in translation.items.iter().zip(&slots).enumerate() {
        let reader = ItemReader { context, body, text, pieces: &pieces, sent_at: &sent_at, index, id: new_id() };
        let mut item = match (item, slots) {
            (Item::Event(event), ItemSlots::Event(slots)) => reader.event(event, slots),
            (Item::Ignored(notice), ItemSlots::Notice(at)) => reader.notice(Outcome::Ignored, notice, *at),
            (Item::Event(_), ItemSlots::Notice(_)) => continue,
            (Item::Rejected(notice) | Item::Ignored(notice), slots) => {
                reader.notice(Outcome::Rejected, notice, slots.notice())
            }
        };
        budget.spend(&item.log)?;
        recipients.spend(&mut item);
        prepared.push(item);
    }
    Ok(prepared)
}

/// Prepares a request that became no event as a whole: rejected by its plugin, or failed in it.
pub fn prepare_whole(
    context: &Context<'_>,
    body: &Body,
    outcome: Outcome,
    code: &str,
    reason: String,
    id: Uuid,
) -> Prepared {
    let notice = Notice { code: code.to_owned(), message: reason, at: None, tag: String::new() };
    let empty = ByteString::new();
    let pieces = Cut::new().resolve("");
    let (text, sent_at) = (body.as_text().unwrap_or(&empty), OnceCell::new());
    let reader = ItemReader { context, body, text, pieces: &pieces, sent_at: &sent_at, index: 0, id };
    reader.notice(outcome, &notice, None)
}
