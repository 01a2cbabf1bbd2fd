//! The pointers of a request's items, gathered so that one pass over the body finds all their values.

use crate::{
    contract::{Item, Value},
    json::{Cut, Slot},
};

/// The pointers of one item, to be resolved with all others in one pass.
pub(super) enum ItemSlots<'t> {
    Event(EventSlots<'t>),
    Notice(Option<Slot>),
}

/// The pointers of one event.
pub(super) struct EventSlots<'t> {
    pub(super) original: Slot,
    pub(super) user_id: Option<ValueSlots<'t>>,
    pub(super) data: Option<ValueSlots<'t>>,
    pub(super) idempotency_key: Option<ValueSlots<'t>>,
    pub(super) occurred_at: Option<ValueSlots<'t>>,
}

/// The pointers of one value.
pub(super) enum ValueSlots<'t> {
    At(Slot),
    Assembled(Vec<(&'t str, Slot)>),
    Made(&'t str),
}

impl<'t> ItemSlots<'t> {
    pub(super) fn add(item: &'t Item, cut: &mut Cut<'t>) -> Self {
        match item {
            Item::Event(event) => {
                let mut value = |value: &'t Option<Value>| value.as_ref().map(|value| ValueSlots::add(value, cut));
                let (user_id, data) = (value(&event.user_id), value(&event.data));
                let (idempotency_key, occurred_at) = (value(&event.idempotency_key), value(&event.occurred_at));
                let original = cut.add(event.original.as_deref().unwrap_or_default());
                ItemSlots::Event(EventSlots { original, user_id, data, idempotency_key, occurred_at })
            }
            Item::Ignored(notice) | Item::Rejected(notice) => {
                ItemSlots::Notice(notice.at.as_deref().map(|pointer| cut.add(pointer)))
            }
        }
    }

    pub(super) fn notice(&self) -> Option<Slot> {
        match self {
            ItemSlots::Notice(slot) => *slot,
            ItemSlots::Event(_) => None,
        }
    }
}

impl<'t> ValueSlots<'t> {
    pub(super) fn add(value: &'t Value, cut: &mut Cut<'t>) -> Self {
        match value {
            Value::At(pointer) => ValueSlots::At(cut.add(pointer)),
            Value::Assembled(members) => {
                ValueSlots::Assembled(members.iter().map(|(key, at)| (key.as_str(), cut.add(at))).collect())
            }
            Value::Made(text) => ValueSlots::Made(text),
        }
    }
}
