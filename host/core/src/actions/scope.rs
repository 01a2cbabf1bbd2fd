//! The part of an event that the paths of mappings see.

use std::borrow::Cow;

use bytestring::ByteString;

use crate::{
    hints::Hints,
    json,
    log::{EventLog, Original},
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
    /// The plugin's hints about the event.
    pub hints: Option<&'a Hints>,
    /// The environment's public variables, a JSON object; none where there are none to read.
    pub vars: Option<&'a str>,
}

impl<'a> Scope<'a> {
    /// Returns what paths see of a planned event, from its log entry.
    /// It sees no variables; see [`Self::with_vars`].
    pub fn of_log(log: &'a EventLog) -> Self {
        static NOTHING: ByteString = ByteString::from_static("{}");
        Self {
            user_id: log.user_id.as_deref(),
            data: log.data.as_ref().unwrap_or(&NOTHING),
            item: match &log.original {
                Original::Json(item) => item,
                Original::Text(_) | Original::Bytes(_) => "",
            },
            headers: log.headers.as_deref(),
            hints: log.hints.as_deref(),
            vars: None,
        }
    }

    /// Lets paths see public variables, a JSON object.
    pub fn with_vars(self, vars: &'a str) -> Self {
        Self { vars: Some(vars), ..self }
    }

    /// Looks a path up like [`Self::look_up`] and returns the value to keep. The whole data is shared, not copied.
    pub(super) fn find(&self, path: &Path) -> Option<(ByteString, &'static str)> {
        if path.as_str() == "data" {
            return Some((self.data.clone(), "event"));
        }
        self.look_up(path).map(|(found, origin)| (found.into_owned().into(), origin))
    }

    /// Looks a path up in the common event first, then in the item, and returns the value as JSON text with its origin.
    pub(crate) fn look_up(&self, path: &Path) -> Option<(Cow<'a, str>, &'static str)> {
        let (data, item): (&'a str, &'a str) = (self.data, self.item);
        let rest = path.segments().get(1..).unwrap_or_default();
        let common = match path.head()? {
            "user_id" if rest.is_empty() => self.user_id.map(|user_id| (Cow::Owned(json::quote(user_id)), "event")),
            "data" => path::find(data, rest).map(|found| (Cow::Borrowed(found), "event")),
            // The path `event` alone is the item's own `event` member, Segment's name of a track call.
            "event" if rest.is_empty() => json::member(item, "event").map(|found| (Cow::Borrowed(found), "item")),
            "event" => path::find(item, rest).map(|found| (Cow::Borrowed(found), "event")),
            "body" => {
                path::find(item, rest).filter(|found| !found.is_empty()).map(|found| (Cow::Borrowed(found), "item"))
            }
            "vars" => self.vars.and_then(|vars| path::find(vars, rest)).map(|found| (Cow::Borrowed(found), "vars")),
            "hints" => self.hints.and_then(|hints| hints.find(rest)).map(|found| (found, "event")),
            "headers" => self.header(rest).map(|found| (Cow::Borrowed(found), "headers")),
            _ => None,
        };
        common.or_else(|| path.find(item).map(|found| (Cow::Borrowed(found), "item")))
    }

    fn header(&self, rest: &[path::Segment]) -> Option<&'a str> {
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
