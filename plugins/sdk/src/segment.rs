//! Calls of Segment and its relatives: `track`, `identify`, `page`, `screen`, `group`, `alias`, `delete`.
//!
//! RudderStack, Jitsu, Freshpaint, PostHog and many in-house senders use the same shape. This module defines the
//! meaning of a call whose type is known. Differences between platforms, such as a missing type, belong into their
//! plugins.

use std::borrow::Cow;

use crate::{Event, Kind, Node, Notice, Pointed, Value, merged, pointer};

/// Longest event type, in bytes.
pub const MAX_EVENT_TYPE: usize = 64 * 1024;

/// The call types of Segment's HTTP API.
pub const CALL_TYPES: [&str; 7] = ["track", "identify", "page", "screen", "group", "alias", "delete"];

/// The identifying members of one call, read in one pass.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The whole call.
    pub item: Node<'a>,
    /// `type`
    pub kind: Option<Node<'a>>,
    /// `event`, the name of a tracked event.
    pub event: Option<Node<'a>>,
    /// `name`, the name of a page or screen.
    pub name: Option<Node<'a>>,
    /// `userId`
    pub user_id: Option<Node<'a>>,
    /// `previousId`, in an alias.
    pub previous_id: Option<Node<'a>>,
    /// `properties`
    pub properties: Option<Node<'a>>,
    /// `traits`
    pub traits: Option<Node<'a>>,
    /// `messageId`
    pub message_id: Option<Node<'a>>,
    /// `timestamp`
    pub timestamp: Option<Node<'a>>,
    /// `originalTimestamp`
    pub original_timestamp: Option<Node<'a>>,
    /// `anonymousId`
    pub anonymous_id: Option<Node<'a>>,
    /// `groupId`, in a group call.
    pub group_id: Option<Node<'a>>,
    /// `context`
    pub context: Option<Node<'a>>,
    /// `batch`, the calls of an [`Envelope`](crate::envelope::Envelope).
    pub batch: Option<Node<'a>>,
}

impl<'a> Call<'a> {
    /// Reads a call.
    ///
    /// # Errors
    ///
    /// `not_an_object` if the item is not an object.
    pub fn read(item: Node<'a>) -> Result<Self, Notice> {
        if item.kind() != Kind::Object {
            return Err(not_an_object(&item));
        }
        let [
            kind,
            event,
            name,
            user_id,
            previous_id,
            properties,
            traits,
            message_id,
            timestamp,
            original_timestamp,
            anonymous_id,
            group_id,
            context,
            batch,
        ] = item.fields([
            "type",
            "event",
            "name",
            "userId",
            "previousId",
            "properties",
            "traits",
            "messageId",
            "timestamp",
            "originalTimestamp",
            "anonymousId",
            "groupId",
            "context",
            "batch",
        ]);
        Ok(Self {
            item,
            kind,
            event,
            name,
            user_id,
            previous_id,
            properties,
            traits,
            message_id,
            timestamp,
            original_timestamp,
            anonymous_id,
            group_id,
            context,
            batch,
        })
    }

    /// Returns true if the item has no type, event, message id and user id, and so is no call. Handshakes and other
    /// requests are recognised by this.
    pub fn is_bare(&self) -> bool {
        [&self.kind, &self.event, &self.message_id, &self.user_id].into_iter().all(Option::is_none)
    }

    /// Returns `type` in lower case; `None` if it is absent or not a string.
    ///
    /// # Errors
    ///
    /// `not_utf8` if it holds a lone surrogate.
    pub fn call_type(&self) -> Result<Option<String>, Notice> {
        Ok(present_str(self.kind.as_ref(), "type")?.map(|kind| kind.to_ascii_lowercase()))
    }

    /// Returns `event`; `None` if it is absent or not a string.
    ///
    /// # Errors
    ///
    /// `not_utf8` if it holds a lone surrogate.
    pub fn event_name(&self) -> Result<Option<Cow<'a, str>>, Notice> {
        present_str(self.event.as_ref(), "event")
    }

    /// Returns the traits of an identify call that has some in `context.traits`: those, overridden by the traits at the
    /// top.
    ///
    /// Returns `None` if the context has no traits, or if the traits at the top are not an object, which the host
    /// rejects.
    pub fn traits_with_those_of_its_context(&self) -> Result<Option<Value>, Notice> {
        let context = self.context.as_ref().and_then(|context| context.get("traits"));
        let Some(context) = context.filter(|traits| traits.kind() == Kind::Object) else { return Ok(None) };
        match &self.traits {
            Some(top) if top.kind() == Kind::Object => {
                merged(&[&context, top]).map(Some).map_err(|notice| notice.at(self.item.at()))
            }
            top if top.as_ref().is_none_or(is_nothing) => Ok(Some(context.into())),
            _ => Ok(None),
        }
    }

    /// Converts a call into its event. `call_type` is in lower case.
    ///
    /// The event type is `track/<event>`, `page/<name>` or `screen/<name>`, without the slash if there is no name, and
    /// the call type alone for all other calls.
    pub fn into_event(self, call_type: &str) -> Result<Event, Notice> {
        let named = match call_type {
            "track" => Some((self.event.as_ref(), "event")),
            "page" | "screen" => Some((self.name.as_ref(), "name")),
            _ => None,
        };
        let name = named.map(|(node, member)| present_str(node, member)).transpose()?.flatten();
        let warning = named.and_then(|(node, member)| not_a_string(node, member));
        let event_type = match name {
            Some(name) => format!("{call_type}/{name}"),
            None => call_type.to_owned(),
        };
        let data = self.data(call_type);
        let mut event = self.into_untyped(data);
        event.event_type = event_type;
        event.extras.extend(warning);
        checked(event)
    }

    /// Converts a call into an event without a type, which the host finds by the event type path.
    ///
    /// Its hints are `anonymousId`, and `groupId` of the call or else of its context.
    pub fn into_untyped(self, data: Option<Value>) -> Event {
        let mut event = Event::new("");
        event.user_id = self.user_id.map(Value::from);
        event.data = data;
        event.idempotency_key = self.message_id.map(Value::from);
        event.occurred_at =
            self.timestamp.filter(|node| !node.is_absent()).or(self.original_timestamp).map(Value::from);
        event.original = Some(self.item.into_at()).filter(|at| !at.is_empty());
        let group_id = self.group_id.filter(|node| !node.is_absent());
        let group_id = group_id.or_else(|| self.context?.get("groupId"));
        event.anonymous_id(self.anonymous_id).group_id(group_id)
    }

    /// Returns the content of a call of this type.
    fn data(&self, call_type: &str) -> Option<Value> {
        let properties = || self.properties.clone().map(Value::from);
        let traits = || self.traits.clone().map(Value::from);
        match call_type {
            "track" | "page" | "screen" => properties(),
            "identify" | "group" => traits(),
            "alias" => self.previous_id.as_ref().map(|previous| {
                Value::Assembled(vec![Pointed { key: "previousId".to_owned(), at: previous.at().to_owned() }])
            }),
            "delete" => None,
            _ => properties().or_else(traits),
        }
    }
}

/// Returns true for null, `""`, and `[]`, to which PHP encodes an object without members.
fn is_nothing(node: &Node<'_>) -> bool {
    node.is_absent() || (node.kind() == Kind::Array && node.items().next().is_none())
}

/// Returns the notice for an item that is not an object.
pub fn not_an_object(item: &Node<'_>) -> Notice {
    let found = item.kind();
    if item.raw().trim_ascii_start().starts_with("\"{") || item.raw().trim_ascii_start().starts_with("\"[") {
        let sentence = "Expected an event as a JSON object, found a string that holds JSON: it was encoded twice. Send the object \
                        itself.";
        return Notice::new("not_an_object", sentence).at(item.at());
    }
    Notice::new(
        "not_an_object",
        format!("Expected an event as a JSON object, found {found}. Send one object, or an array of objects."),
    )
    .at(item.at())
}

/// Returns a warning if a member that should be a string has another type and was not used. Null counts as absent.
pub fn not_a_string(node: Option<&Node<'_>>, member: &str) -> Option<crate::Field> {
    let found = node.map(Node::kind).filter(|kind| !matches!(kind, Kind::String | Kind::Null))?;
    Some(crate::Field::new("warning", format!("`{member}` is {found} and was not used; expected a string.")))
}

/// Returns the default call type of a sub-path such as `/v1/track`.
pub fn call_type_of_path(path: &str) -> Option<&'static str> {
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    CALL_TYPES.into_iter().find(|call_type| call_type.eq_ignore_ascii_case(last))
}

/// Returns the non-empty string of a node.
///
/// # Errors
///
/// `not_utf8` if it holds a lone surrogate.
fn present_str<'a>(node: Option<&Node<'a>>, member: &str) -> Result<Option<Cow<'a, str>>, Notice> {
    let Some(node) = node.filter(|node| node.kind() == Kind::String && !node.is_absent()) else { return Ok(None) };
    node.as_str().map(Some).ok_or_else(|| {
        Notice::new(
            "not_utf8",
            format!("`{member}` holds a lone surrogate (`\\ud800` to `\\udfff`), which is no Unicode text. Send whole characters."),
        )
        .at(pointer::parent(node.at()))
    })
}

/// Rejects an event whose type is too long. Otherwise the host would reject the whole request as too large.
pub(crate) fn checked(event: Event) -> Result<Event, Notice> {
    let length = event.event_type.len();
    if length <= MAX_EVENT_TYPE {
        return Ok(event);
    }
    Err(Notice::new(
        "too_long",
        format!("The event type is {length} bytes long; at most {MAX_EVENT_TYPE} can be used. Send a shorter name."),
    )
    .at(event.original.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::{Call, MAX_EVENT_TYPE, call_type_of_path};
    use crate::{Field, Node, Value};

    fn event_type(text: &str, call_type: &str) -> String {
        Call::read(Node::parse(text, "").unwrap()).unwrap().into_event(call_type).unwrap().event_type
    }

    #[test]
    fn names_events_after_the_call_and_what_it_names() {
        assert_eq!(event_type(r#"{"event":"Order Completed"}"#, "track"), "track/Order Completed");
        assert_eq!(event_type(r#"{"event":"a\/b \u2603"}"#, "track"), "track/a/b \u{2603}");
        assert_eq!(event_type(r#"{"name":"Home"}"#, "page"), "page/Home");
        assert_eq!(event_type(r#"{"name":"Home"}"#, "screen"), "screen/Home");
        for nameless in ["{}", r#"{"name":null,"event":null}"#, r#"{"name":"","event":""}"#, r#"{"name":1,"event":{}}"#]
        {
            assert_eq!(event_type(nameless, "page"), "page");
            assert_eq!(event_type(nameless, "track"), "track");
        }
        assert_eq!(event_type(r#"{"name":"x","event":"y"}"#, "identify"), "identify");
        assert_eq!(event_type(r#"{"name":"x","event":"y"}"#, "trackuser"), "trackuser");
    }

    #[test]
    fn falls_back_to_the_original_timestamp() {
        let at = |text| Call::read(Node::parse(text, "/0").unwrap()).unwrap().into_untyped(None).occurred_at;
        let original = Some(Value::at("/0/originalTimestamp"));
        assert_eq!(at(r#"{"timestamp":1,"originalTimestamp":2}"#), Some(Value::at("/0/timestamp")));
        assert_eq!(at(r#"{"timestamp":null,"originalTimestamp":2}"#), original);
        assert_eq!(at(r#"{"originalTimestamp":2}"#), original);
        assert_eq!(at("{}"), None);
    }

    #[test]
    fn hints_are_the_anonymous_id_and_the_group() {
        let of = |text| Call::read(Node::parse(text, "").unwrap()).unwrap().into_untyped(None).extras;
        let fields = |fields: &[(&str, &str)]| -> Vec<Field> {
            fields.iter().map(|(name, value)| Field::new(*name, *value)).collect()
        };
        let context = r#"{"anonymousId":"a","context":{"groupId":"g"}}"#;
        assert_eq!(of(context), fields(&[("anonymous_id", "a"), ("group_id", "g")]));
        assert_eq!(of(r#"{"groupId":7,"context":{"groupId":"g"}}"#), fields(&[("group_id", "7")]));
        assert_eq!(of(r#"{"groupId":"","context":{"groupId":"g"}}"#), fields(&[("group_id", "g")]));
        assert_eq!(of(r#"{"anonymousId":null,"groupId":null,"context":null}"#), []);
    }

    #[test]
    fn an_event_type_may_be_64_kib_long() {
        let of = |length: usize| {
            let text = format!(r#"{{"event":"{}"}}"#, "e".repeat(length - "track/".len()));
            Call::read(Node::parse(&text, "/3").unwrap()).unwrap().into_event("track").map_err(|notice| notice.at)
        };
        assert!(of(MAX_EVENT_TYPE).is_ok());
        assert_eq!(of(MAX_EVENT_TYPE + 1), Err(Some("/3".to_owned())));
    }

    #[test]
    fn lone_surrogates_reject_the_item_that_holds_them() {
        let call = Call::read(Node::parse(r#"{"type":"track","event":"\ud800"}"#, "/1").unwrap()).unwrap();
        let notice = call.into_event("track").unwrap_err();
        assert_eq!((notice.code.as_str(), notice.at.as_deref()), ("not_utf8", Some("/1")));
    }

    #[test]
    fn a_sub_path_names_a_call_by_its_last_segment() {
        assert_eq!(call_type_of_path("/v1/track"), Some("track"));
        assert_eq!(call_type_of_path("/v1/Identify/"), Some("identify"));
        for path in ["", "/", "/v1/batch", "/track/7"] {
            assert_eq!(call_type_of_path(path), None, "{path}");
        }
    }
}
