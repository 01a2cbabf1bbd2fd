//! Envelopes of server SDKs: one object that holds calls of Segment's shape, `{"batch":[…],"sentAt":…}`.
//!
//! The SDKs of Segment, RudderStack and their relatives post nothing else, to a path such as `/v1/batch`, and take every
//! 2xx for delivery. A plugin that read an envelope as a call would lose everything in it.

use crate::segment::{Call, not_an_object};
use crate::{Event, Fields, Item, Kind, Node, Notice, Request, Translation, Value, translate_array};

/// An envelope of calls.
#[derive(Debug)]
pub struct Envelope<'a> {
    calls: Node<'a>,
    /// The time at which the envelope was sent.
    sent_at: Option<Node<'a>>,
}

impl<'a> Envelope<'a> {
    /// Returns the envelope that an object is; `None` if it is a call.
    ///
    /// An envelope has an array `batch`, and neither a type nor an event name. `is_own_shape` tells that the operator
    /// configured how objects without a type are read: then only an object without members of another kind is an
    /// envelope.
    pub fn of(object: &Call<'a>, is_own_shape: bool) -> Option<Self> {
        let calls = object.batch.clone().filter(|batch| batch.kind() == Kind::Array)?;
        let is_absent = |node: &Option<Node<'_>>| node.as_ref().is_none_or(Node::is_absent);
        if !(is_absent(&object.kind) && is_absent(&object.event)) {
            return None;
        }
        let Fields { found: [_, sent_at, timestamp, ..], others } = object.item.scan([
            "batch",
            "sentAt",
            "timestamp",
            "messageId",
            "context",
            "integrations",
            "writeKey",
            "type",
            "event",
        ]);
        let sent_at = timestamp.or(sent_at).filter(|time| !time.is_absent());
        (!(is_own_shape && others)).then_some(Self { calls, sent_at })
    }

    /// Translates each call. A call without a time happened when the envelope was sent.
    ///
    /// # Errors
    ///
    /// The errors of [`translate_array`].
    pub fn translate(
        &self,
        request: &Request,
        mut event: impl FnMut(Node<'a>) -> Result<Event, Notice>,
    ) -> Result<Translation, Notice> {
        let timed = |event: Event| {
            let occurred_at = event.occurred_at.or_else(|| self.sent_at.as_ref().map(|time| Value::at(time.at())));
            Event { occurred_at, ..event }
        };
        translate_array(request, &self.calls, |call| Item::from(event(call).map(timed))).map(Translation::from)
    }
}

/// Returns an element of a batch, unless it is an envelope of its own.
///
/// # Errors
///
/// `unsupported` if it is an envelope.
pub fn element<'a>(call: Call<'a>, is_own_shape: bool) -> Result<Call<'a>, Notice> {
    match Envelope::of(&call, is_own_shape) {
        None => Ok(call),
        Some(_) => Err(Notice::new(
            "unsupported",
            "This element is an envelope: an object without a type that holds calls in `batch`. Send an envelope alone as \
             the body, or its calls without it.",
        )
        .at(call.item.at())),
    }
}

/// Translates a body of calls: one call, an array of calls, or an envelope of them. For `is_own_shape` see
/// [`Envelope::of`].
///
/// # Errors
///
/// `not_an_object` if the body is neither an object nor an array, and the errors of [`translate_array`].
pub fn translate_calls<'a>(
    request: &Request,
    body: Node<'a>,
    is_own_shape: bool,
    event: impl Fn(Call<'a>) -> Result<Event, Notice>,
) -> Result<Translation, Notice> {
    let of_element = |node| Call::read(node).and_then(|call| element(call, is_own_shape)).and_then(&event);
    match body.kind() {
        Kind::Array => translate_array(request, &body, |node| Item::from(of_element(node))).map(Translation::from),
        Kind::Object => {
            let call = Call::read(body)?;
            match Envelope::of(&call, is_own_shape) {
                Some(envelope) => envelope.translate(request, of_element),
                None => Ok(Translation::from(Item::from(event(call)))),
            }
        }
        _ => Err(not_an_object(&body)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::translate_calls;
    use crate::segment::Call;
    use crate::{Event, Item, Node, Notice, Request, Value};

    fn event(call: Call<'_>) -> Result<Event, Notice> {
        let kind = call.call_type()?.unwrap_or_default();
        call.into_event(&kind)
    }

    fn items(body: &str, is_own_shape: bool) -> Vec<Item> {
        translate_calls(&Request::default(), Node::parse(body, "").unwrap(), is_own_shape, event).unwrap().items
    }

    fn events(items: &[Item]) -> Vec<&Event> {
        items.iter().filter_map(|item| if let Item::Event(event) = item { Some(event) } else { None }).collect()
    }

    #[test]
    fn an_envelope_is_opened_and_gives_its_time_to_calls_without_one() {
        let body =
            r#"{"batch":[{"type":"alias"},{"type":"group","timestamp":1}],"timestamp":2,"sentAt":3,"context":{}}"#;
        let items = items(body, true);
        let times: Vec<_> = events(&items).into_iter().map(|event| event.occurred_at.clone().unwrap()).collect();
        assert_eq!(times, [Value::at("/timestamp"), Value::at("/batch/1/timestamp")]);
        assert_eq!(events(&items)[1].original.as_deref(), Some("/batch/1"));
    }

    #[test]
    fn go_and_others_give_the_envelope_a_message_id() {
        assert_eq!(events(&items(r#"{"messageId":"m","batch":[{"type":"alias"},{"type":"alias"}]}"#, true)).len(), 2);
    }

    #[test]
    fn an_empty_envelope_is_ignored() {
        let items = items(r#"{"batch":[],"sentAt":"2026-01-02T03:04:05Z"}"#, false);
        assert!(matches!(&items[..], [Item::Ignored(notice)] if notice.code == "empty"), "{items:?}");
    }

    #[test]
    fn a_call_with_a_type_or_a_name_or_columns_of_its_own_is_none() {
        for call in [r#"{"type":"group","batch":[1]}"#, r#"{"event":"Packed","batch":[1]}"#, r#"{"batch":{}}"#] {
            assert_eq!(events(&items(call, false)).len(), 1, "{call}");
        }
        assert_eq!(events(&items(r#"{"batch":[1],"order":7}"#, true)).len(), 1, "the operator tells how it is read");
    }

    #[test]
    fn an_envelope_within_a_batch_is_rejected_as_one() {
        for body in [r#"[{"batch":[{"type":"alias"}]}]"#, r#"{"batch":[{"batch":[{"type":"alias"}]}]}"#] {
            let items = items(body, false);
            let [Item::Rejected(notice)] = &items[..] else { panic!("{items:?}") };
            assert!(notice.message.contains("an envelope"), "{notice:?}");
        }
    }
}
