//! The values of one item, read by rules.

use std::borrow::Cow;
use std::cell::Cell;

use inlet_plugin::segment::MAX_EVENT_TYPE;
use inlet_plugin::{Hint, Kind, Node, Notice, Pointed, Request, Value, jsonrpc::quote};
use inlet_rules::{Condition, Data, Part, Program, Read, Scalar, Scope, Slot, Test, Text};

use crate::found::Found;

/// Longest text that is made of several values for anything but an event type, in bytes. The host takes no key of more
/// than 255 characters, and no user id of more than 256.
const LONGEST_MADE: usize = 4096;
/// Longest value whose text is read, in bytes: the longest event type with every byte escaped. A longer one would be decoded
/// for each condition.
const LONGEST_READ: usize = 6 * MAX_EVENT_TYPE + 2;
/// Longest value whose repeated reading needs no account.
const SHORT: usize = 256;

/// The values of one item.
pub(crate) struct Evaluation<'p, 'a> {
    pub(crate) program: &'p Program<'p>,
    pub(crate) request: &'a Request,
    /// The item, the body, and the objects that the item is in; those that there are.
    pub(crate) found: [Option<Found<'a>>; 5],
    pub(crate) event_type: String,
    /// Bytes of long values outside of the items that were read. They can be read again for each item.
    pub(crate) read_outside: Cell<usize>,
}

/// The form in which a number becomes a value of an event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// The number, unchanged.
    Pointed,
    /// A text with its digits: the host takes only texts as keys.
    Written,
}

/// A value of the request.
#[derive(Clone, Copy)]
enum Given<'v> {
    /// In the body: its text and where it was found.
    Json { text: &'v str, slot: Slot },
    /// A header, a query parameter or the event type.
    Text(&'v str),
}

impl Given<'_> {
    fn is_present(self) -> bool {
        match self {
            Self::Json { text, .. } => !matches!(text, "null" | r#""""#),
            Self::Text(text) => !text.is_empty(),
        }
    }
}

impl Evaluation<'_, '_> {
    fn given(&self, slot: Slot) -> Option<Given<'_>> {
        let index = usize::from(slot.index);
        match slot.scope {
            Scope::Header => self.request.header(self.program.headers.get(index)?).map(Given::Text),
            Scope::Query => self.request.query(self.program.query.get(index)?).map(Given::Text),
            Scope::EventType => Some(Given::Text(&self.event_type)),
            scope => {
                let found = self.found.get(scope as usize)?.as_ref()?;
                let text = if slot.index == Slot::WHOLE { found.whole } else { (*found.texts.get(index)?)? };
                Some(Given::Json { text, slot })
            }
        }
    }

    /// Returns the JSON Pointer of a value in the body.
    fn pointer_to(&self, given: Given<'_>) -> Option<String> {
        let Given::Json { slot, .. } = given else { return None };
        let found = self.found.get(slot.scope as usize)?.as_ref()?;
        if slot.index == Slot::WHOLE {
            return Some(found.at.clone());
        }
        Some(found.pointer(self.program.steps.get(slot.scope as usize)?, usize::from(slot.index)))
    }

    fn value_of(&self, given: Given<'_>, numbers: Numbers) -> Option<Value> {
        match given {
            Given::Text(text) => Some(Value::Made(quote(text))),
            Given::Json { text, .. }
                if numbers == Numbers::Written
                    && text.len() <= LONGEST_MADE
                    && Node::part(text, String::new()).kind() == Kind::Number =>
            {
                Some(Value::Made(quote(text)))
            }
            given => self.pointer_to(given).map(Value::At),
        }
    }

    /// Returns the value's text; `None` if it has none. Numbers and booleans have one only within other text.
    fn text(&self, read: Read<Slot>, is_part: bool) -> Result<Option<Cow<'_, str>>, Notice> {
        let given = self.given(read.source).filter(|given| given.is_present());
        if let Some(Given::Json { text, .. } | Given::Text(text)) = given {
            if text.len() > LONGEST_READ {
                return Err(too_long(text.len()));
            }
            if text.len() > SHORT && read.source.scope != Scope::Item {
                self.read_outside.set(self.read_outside.get() + text.len());
            }
        }
        let text = match given {
            None => return Ok(None),
            Some(Given::Text(text)) => Cow::Borrowed(text),
            Some(Given::Json { text, .. }) => {
                let node = Node::part(text, String::new());
                match node.kind() {
                    Kind::String => node.as_str().ok_or_else(|| {
                        let place = self.place(read.source);
                        let sentence =
                            format!("{place} holds a lone surrogate, which is no Unicode text. Send whole characters.");
                        Notice::new("not_utf8", sentence)
                    })?,
                    Kind::Number | Kind::Boolean if is_part => Cow::Borrowed(text),
                    _ => return Ok(None),
                }
            }
        };
        Ok(Some(if read.lower { Cow::Owned(text.to_ascii_lowercase()) } else { text }))
    }

    /// Returns the text of the first alternative that has one.
    pub(crate) fn first_text(&self, alternatives: &[Text<Slot, &str>]) -> Result<Option<String>, Notice> {
        for alternative in alternatives {
            let text = match alternative {
                Text::Value(read) => self.text(*read, false)?.map(Cow::into_owned),
                Text::Template(parts) => self.filled(parts, MAX_EVENT_TYPE)?,
            };
            if let Some(text) = text {
                return if text.len() <= MAX_EVENT_TYPE { Ok(Some(text)) } else { Err(too_long(text.len())) };
            }
        }
        Ok(None)
    }

    /// Returns the text of a template; `None` if a part is missing.
    fn filled(&self, parts: &[Part<Slot, &str>], longest: usize) -> Result<Option<String>, Notice> {
        let mut text = String::new();
        for part in parts {
            let part = match part {
                Part::Fixed(fixed) => Cow::Borrowed(*fixed),
                Part::Value(read) => match self.text(*read, true)? {
                    Some(value) => value,
                    None => return Ok(None),
                },
            };
            let length = text.len() + part.len();
            if length > longest {
                return Err(too_long(length));
            }
            text.push_str(&part);
        }
        Ok(Some(text))
    }

    /// Returns the first text or number that is present.
    pub(crate) fn hint(&self, alternatives: &[Text<Slot, &str>]) -> Hint {
        for alternative in alternatives {
            match alternative {
                Text::Value(read) => match self.given(read.source).filter(|given| given.is_present()) {
                    Some(Given::Text(text)) => return text.into(),
                    Some(Given::Json { text, .. }) => return Node::part(text, String::new()).into(),
                    None => {}
                },
                Text::Template(parts) => {
                    if let Ok(Some(text)) = self.filled(parts, LONGEST_MADE) {
                        return text.into();
                    }
                }
            }
        }
        None::<&str>.into()
    }

    /// Returns the first value that is present; if none is, the first that is at least there.
    pub(crate) fn value(&self, alternatives: &[Text<Slot, &str>], numbers: Numbers) -> Option<Value> {
        let mut absent = None;
        for alternative in alternatives {
            let given = match alternative {
                Text::Value(read) => self.given(read.source),
                // A text that is too long, or no Unicode, is no value.
                Text::Template(parts) => match self.filled(parts, LONGEST_MADE) {
                    Ok(Some(text)) => return Some(Value::Made(quote(&text))),
                    _ => None,
                },
            };
            match given {
                Some(given) if given.is_present() => return self.value_of(given, numbers),
                Some(given) if absent.is_none() => absent = self.pointer_to(given),
                _ => {}
            }
        }
        absent.map(Value::At)
    }

    /// Returns the content.
    pub(crate) fn data(&self, data: &Data<Slot, &str>) -> Option<Value> {
        match data {
            Data::First(slots) => self.pointer(slots).map(Value::At),
            Data::Members(members) => {
                let pointed = |(name, slots): &(&str, Vec<Slot>)| {
                    Some(Pointed { key: (*name).to_owned(), at: self.pointer(slots)? })
                };
                let members: Vec<Pointed> = members.iter().filter_map(pointed).collect();
                (!members.is_empty()).then_some(Value::Assembled(members))
            }
        }
    }

    /// Returns the pointer to the first value that is present; if none is, to the first that is at least there.
    fn pointer(&self, slots: &[Slot]) -> Option<String> {
        let there = || slots.iter().filter_map(|slot| self.given(*slot));
        there().find(|given| given.is_present()).or_else(|| there().next()).and_then(|given| self.pointer_to(given))
    }

    /// Returns true if all conditions hold.
    pub(crate) fn holds(&self, when: &[Condition<Slot, &str>]) -> bool {
        when.iter().all(|condition| self.condition(condition))
    }

    fn condition(&self, Condition { read, test }: &Condition<Slot, &str>) -> bool {
        let is_present = || self.given(read.source).is_some_and(Given::is_present);
        match test {
            Test::Exists => is_present(),
            Test::Missing => !is_present(),
            Test::In(scalars) => self.is_one_of(*read, scalars),
            Test::NotIn(scalars) => !self.is_one_of(*read, scalars),
            // A text with a lone surrogate is no text.
            Test::StartsWith(prefixes) => {
                let text = self.text(*read, false).ok().flatten();
                text.is_some_and(|text| prefixes.iter().any(|prefix| text.starts_with(prefix)))
            }
        }
    }

    fn is_one_of(&self, read: Read<Slot>, scalars: &[Scalar<&str>]) -> bool {
        let json = match self.given(read.source) {
            Some(Given::Json { text, .. }) => text,
            _ => "",
        };
        let text = self.text(read, false).ok().flatten();
        scalars.iter().any(|scalar| match scalar {
            Scalar::Text(expected) => text.as_deref() == Some(*expected),
            Scalar::Boolean(expected) => json == if *expected { "true" } else { "false" },
            Scalar::Number(expected) => json.parse() == Ok(*expected),
        })
    }

    /// Returns the notice for an item without an event type.
    pub(crate) fn nameless(&self, alternatives: &[Text<Slot, &str>], at: &str) -> Notice {
        let mut places = Vec::new();
        let mut wrong = None;
        for alternative in alternatives {
            let parts = match alternative {
                Text::Value(read) => std::slice::from_ref(read).to_vec(),
                Text::Template(parts) => parts
                    .iter()
                    .filter_map(|part| if let Part::Value(read) = part { Some(*read) } else { None })
                    .collect(),
            };
            for read in parts {
                let place = self.place(read.source);
                if let Some(Given::Json { text, .. }) = self.given(read.source).filter(|given| given.is_present()) {
                    let kind = Node::part(text, String::new()).kind();
                    if kind != Kind::String && wrong.is_none() {
                        wrong = Some((place.clone(), kind));
                    }
                }
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        let advice = "Send the event as its platform makes it, or set the source's event type path.";
        match wrong {
            Some((place, kind)) => Notice::new(
                "wrong_type",
                format!("The value of {place} is {kind}; expected a text, which is the event type. {advice}"),
            ),
            None => Notice::new(
                "missing_field",
                format!("Found no event type; expected it in {}. {advice}", places.join(" or ")),
            ),
        }
        .at(at)
    }

    /// Returns the name of a value, for sentences.
    fn place(&self, slot: Slot) -> String {
        let index = usize::from(slot.index);
        let name = |names: &[&str]| names.get(index).copied().unwrap_or_default().to_owned();
        match slot.scope {
            Scope::Header => format!("the header {}", name(&self.program.headers)),
            Scope::Query => format!("the query parameter {}", name(&self.program.query)),
            Scope::EventType => "the event type".to_owned(),
            scope => {
                let steps = self.program.steps.get(scope as usize);
                let pointer = steps.and_then(|steps| steps.get(index)).map_or("", |step| step.pointer);
                format!("`{pointer}`")
            }
        }
    }
}

fn too_long(length: usize) -> Notice {
    Notice::new(
        "too_long",
        format!("The event type is {length} bytes long; at most {MAX_EVENT_TYPE} can be used. Send a shorter name."),
    )
}
