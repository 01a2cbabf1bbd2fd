//! Hints: what else a plugin can say about an event. Mappings read them as `hints.tenant`, `hints.anonymous_id` and
//! `hints.group_id`.

use crate::{Event, Field, Kind, Node};

/// The longest hint, in characters.
const MAX_CHARS: usize = 255;
/// The longest JSON string that can be a hint, in bytes: every character as two escapes of six bytes.
const MAX_RAW: usize = 12 * MAX_CHARS + 2;

/// A hint: a text of 1 to 255 characters. A number in the body becomes the text of its digits; null and `""` count as absent.
///
/// It is made of a text, of a [`Node`], or of an `Option` of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint(Found);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Nothing,
    Text(String),
    TooLong,
    Wrong(Kind),
}

impl Event {
    /// Says which tenant the event belongs to.
    #[must_use]
    pub fn tenant(self, hint: impl Into<Hint>) -> Self {
        self.hinted("tenant", hint.into())
    }

    /// Sets the platform's id for somebody whom it does not know by a user id, such as Segment's `anonymousId`.
    #[must_use]
    pub fn anonymous_id(self, hint: impl Into<Hint>) -> Self {
        self.hinted("anonymous_id", hint.into())
    }

    /// Sets the id of the group or account that the user acts for.
    #[must_use]
    pub fn group_id(self, hint: impl Into<Hint>) -> Self {
        self.hinted("group_id", hint.into())
    }

    /// Adds a hint. One that the host would drop becomes a warning, because a very long one would make the host refuse the whole
    /// request.
    fn hinted(mut self, name: &str, Hint(found): Hint) -> Self {
        match found {
            Found::Nothing => {}
            Found::Text(text) => self.extras.push(Field::new(name, text)),
            Found::TooLong => {
                self.warn(format!("The hint {name} has more than {MAX_CHARS} characters and was not used."));
            }
            Found::Wrong(kind) => {
                self.warn(format!("The hint {name} is {kind} and was not used; expected a string or a number."));
            }
        }
        self
    }
}

impl From<&str> for Hint {
    fn from(text: &str) -> Self {
        Self(match text {
            "" => Found::Nothing,
            text if text.len() > MAX_CHARS && text.chars().count() > MAX_CHARS => Found::TooLong,
            text => Found::Text(text.to_owned()),
        })
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&Node<'_>> for Hint {
    fn from(node: &Node<'_>) -> Self {
        match node.kind() {
            Kind::Null => Self(Found::Nothing),
            Kind::String if node.raw().len() > MAX_RAW => Self(Found::TooLong),
            // A lone surrogate is no text; the host rejects the item for it.
            Kind::String => Self::from(node.as_str().as_deref().unwrap_or_default()),
            Kind::Number => Self::from(node.raw()),
            kind => Self(Found::Wrong(kind)),
        }
    }
}

impl From<Node<'_>> for Hint {
    fn from(node: Node<'_>) -> Self {
        Self::from(&node)
    }
}

impl<T: Into<Self>> From<Option<T>> for Hint {
    fn from(hint: Option<T>) -> Self {
        hint.map_or(Self(Found::Nothing), Into::into)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use crate::{Event, Field, Node};

    fn hinted(json: &str) -> Vec<Field> {
        Event::new("e").tenant(Node::parse(json, "").unwrap()).extras
    }

    #[test]
    fn texts_and_nodes_are_hints() {
        let event = Event::new("e").tenant("acme").anonymous_id(String::from("a-1")).group_id(Some("g"));
        let fields = [("tenant", "acme"), ("anonymous_id", "a-1"), ("group_id", "g")];
        assert_eq!(event.extras, fields.map(|(name, value)| Field::new(name, value)));
        for (json, value) in [(r#""\u00e9""#, "é"), ("42", "42"), ("1.10", "1.10")] {
            assert_eq!(hinted(json), [Field::new("tenant", value)], "{json}");
        }
    }

    #[test]
    fn nothing_is_no_hint() {
        for json in ["null", r#""""#, r#""\ud800""#] {
            assert!(hinted(json).is_empty(), "{json}");
        }
        assert!(Event::new("e").tenant("").group_id(None::<&str>).extras.is_empty());
    }

    #[test]
    fn one_that_the_host_would_drop_is_a_warning() {
        let longest = "é".repeat(255);
        assert_eq!(hinted(&format!(r#""{longest}""#)), [Field::new("tenant", longest.as_str())]);
        let too_long = "The hint tenant has more than 255 characters and was not used.";
        for json in [format!(r#""{longest}é""#), format!(r#""{}""#, "x".repeat(1 << 20)), "1".repeat(256)] {
            assert_eq!(hinted(&json), [Field::new("warning", too_long)]);
        }
        let wrong = "The hint tenant is an array and was not used; expected a string or a number.";
        assert_eq!(hinted("[]"), [Field::new("warning", wrong)]);
    }
}
