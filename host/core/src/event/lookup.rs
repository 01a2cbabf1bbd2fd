//! Finding the values of an item: where the operator's paths or the plugin's pointers name them.

use bytestring::ByteString;

use super::{item::ItemReader, slots::ValueSlots};
use crate::{
    contract::Body,
    json::{self, MAX_DEPTH},
    log::Original,
    path::{self, Path},
};

impl ItemReader<'_, '_> {
    /// Returns the value at the operator's path if there is one, else the value that the plugin pointed at.
    pub(super) fn found(&self, path: Option<&Path>, item: &str, value: Option<&ValueSlots<'_>>) -> Option<ByteString> {
        match path {
            Some(path) => self.at_path(path, item),
            None => match value? {
                ValueSlots::At(slot) => self.pieces.get(*slot).map(|text| self.slice(text)),
                ValueSlots::Made(text) => Some((*text).into()),
                ValueSlots::Assembled(members) => {
                    let members = members.iter().filter_map(|(key, slot)| Some((*key, self.pieces.get(*slot)?)));
                    // An assembled object may name a member twice; the last wins here as everywhere.
                    Some(json::object(members.collect::<indexmap::IndexMap<_, _>>()).into())
                }
            },
        }
    }

    /// Returns the value at a path of the settings: `body.x`, `event.x` and plain `x` name members of the item, `headers.x` a
    /// header.
    pub(super) fn at_path(&self, path: &Path, item: &str) -> Option<ByteString> {
        let rest = path.segments().get(1..).unwrap_or_default();
        let found = match path.head() {
            Some("headers") if !rest.is_empty() => {
                let name = match rest {
                    [path::Segment::Name(name) | path::Segment::Quoted(name)] => name.to_ascii_lowercase(),
                    _ => return None,
                };
                json::member(self.context.headers.as_deref()?, &name)
            }
            Some("body") => path::find(item, rest).or_else(|| path.find(item)),
            // The item may have a member `event` of its own, as Slack's envelope has.
            Some("event") => path.find(item).or_else(|| path::find(item, rest)),
            _ => path.find(item),
        };
        found.map(|found| self.slice(found))
    }

    /// Returns true if the item is the whole body.
    pub(super) fn is_whole(&self, item: &str) -> bool {
        item.len() >= self.text.trim().len()
    }

    /// Returns true if an item that [`Self::read`] has accepted is JSON.
    pub(super) fn is_json(&self, item: &str) -> bool {
        match self.pieces.documents {
            json::Documents::One => true,
            json::Documents::Lines => !self.is_whole(item),
            json::Documents::None => false,
        }
    }

    /// Returns true if the item is a body that is not text.
    pub(super) fn is_binary(&self, item: &str) -> bool {
        matches!(self.body, Body::Bytes(_)) && item.is_empty()
    }

    pub(super) fn original(&self, item: &ByteString) -> Original {
        match (self.body, json::check(item, MAX_DEPTH)) {
            (Body::Bytes(bytes), _) if item.is_empty() => Original::Bytes(bytes.clone()),
            (_, Ok(())) => Original::Json(item.clone()),
            (_, Err(_)) => Original::Text(item.clone()),
        }
    }

    /// Returns a part of the body without a copy, or a copy of a text that is no part of it.
    pub(super) fn slice(&self, part: &str) -> ByteString {
        let (body, start) = (self.text.as_ptr() as usize, part.as_ptr() as usize);
        match start >= body && start + part.len() <= body + self.text.len() {
            true => self.text.slice_ref(part),
            false => part.into(),
        }
    }
}
