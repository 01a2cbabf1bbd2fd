//! The part of an event that the paths of mappings see.

use bytestring::ByteString;

use crate::{
    json,
    path::{self, Path},
};

/// The values that a path can find.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The common event's user id.
    pub user_id: Option<&'a str>,
    /// The common event's data, a JSON object.
    pub data: &'a ByteString,
    /// The item as the platform sent it; empty when it is not JSON.
    pub item: &'a str,
    /// The forwarded headers, a JSON object with lower-case names; none when there are none.
    pub headers: Option<&'a str>,
}

impl Scope<'_> {
    /// Looks a path up in the common event first, then in the item, and returns the value with its origin.
    pub(super) fn find(&self, path: &Path) -> Option<(ByteString, &'static str)> {
        let rest = path.segments().get(1..).unwrap_or_default();
        let common = match path.head()? {
            "user_id" if rest.is_empty() => {
                self.user_id.map(|user_id| (ByteString::from(json::quote(user_id)), "event"))
            }
            "data" if rest.is_empty() => Some((self.data.clone(), "event")),
            "data" => path::find(self.data, rest).map(|found| (found.into(), "event")),
            // The path `event` alone is the item's own `event` member, Segment's name of a track call.
            "event" if rest.is_empty() => json::member(self.item, "event").map(|found| (found.into(), "item")),
            "event" => path::find(self.item, rest).map(|found| (found.into(), "event")),
            "body" => path::find(self.item, rest).filter(|found| !found.is_empty()).map(|found| (found.into(), "item")),
            "headers" => self.header(rest).map(|found| (found.into(), "headers")),
            _ => None,
        };
        common.or_else(|| path.find(self.item).map(|found| (found.into(), "item")))
    }

    fn header(&self, rest: &[path::Segment]) -> Option<&str> {
        let headers = self.headers?;
        match rest {
            [] => Some(headers),
            [path::Segment::Name(name) | path::Segment::Quoted(name)] => {
                json::member(headers, &name.to_ascii_lowercase())
            }
            _ => None,
        }
    }
}
