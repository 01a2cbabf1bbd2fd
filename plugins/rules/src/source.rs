//! The text by which rules name a value of the request.

use std::fmt;

use crate::limits::{DEPTH, TEXT_BYTES, UP_LEVELS};

/// A value of the request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A JSON Pointer in the item: `/user/id`.
    Item(String),
    /// A JSON Pointer from the top of the body: `body:/account/id`.
    Body(String),
    /// A JSON Pointer in the object whose batch the item is in: `up:/id`, one level further out `up2:/id`.
    Up(u8, String),
    /// A header: `header:x-topic`.
    Header(String),
    /// A query parameter: `query:type`.
    Query(String),
    /// The event type: `event_type`.
    EventType,
}

/// The forms of a source, for sentences.
pub(crate) const FORMS: &str =
    "expected a JSON Pointer such as /type, body:/type or up:/type, header:NAME, query:NAME or event_type";

impl Source {
    /// Parses a source. The error is a sentence without its beginning.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "event_type" {
            return Ok(Self::EventType);
        }
        if text.starts_with('/') || text.is_empty() {
            return Ok(Self::Item(pointer(text)?));
        }
        let Some((kind, rest)) = text.split_once(':') else { return Err(format!("found {text:?}; {FORMS}")) };
        match kind {
            "body" => Ok(Self::Body(pointer(rest)?)),
            "up" => Ok(Self::Up(1, pointer(rest)?)),
            "up2" => Ok(Self::Up(2, pointer(rest)?)),
            "up3" => Ok(Self::Up(UP_LEVELS as u8, pointer(rest)?)),
            "header" => header(rest).map(Self::Header),
            "query" if rest.is_empty() || rest.len() > 128 => {
                Err(format!("found {text:?}; expected the name of a query parameter, 1 to 128 bytes long"))
            }
            "query" => Ok(Self::Query(rest.to_owned())),
            _ => Err(format!("found {text:?}; {FORMS}")),
        }
    }

    /// Returns the pointer of a value in the body.
    pub(crate) fn pointer(&self) -> Option<&str> {
        match self {
            Self::Item(pointer) | Self::Body(pointer) | Self::Up(_, pointer) => Some(pointer),
            Self::Header(_) | Self::Query(_) | Self::EventType => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Item(pointer) => f.write_str(pointer),
            Self::Body(pointer) => write!(f, "body:{pointer}"),
            Self::Up(1, pointer) => write!(f, "up:{pointer}"),
            Self::Up(level, pointer) => write!(f, "up{level}:{pointer}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Query(name) => write!(f, "query:{name}"),
            Self::EventType => f.write_str("event_type"),
        }
    }
}

/// Checks a JSON Pointer. The error is a sentence without its beginning.
pub(crate) fn pointer(text: &str) -> Result<String, String> {
    if !(text.is_empty() || text.starts_with('/')) {
        return Err(format!("found {text:?}; a JSON Pointer is empty or begins with /"));
    }
    if text.len() > TEXT_BYTES || tokens(text).count() > DEPTH {
        return Err(format!("the JSON Pointer is too long; at most {DEPTH} names and {TEXT_BYTES} bytes can be used"));
    }
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('~') {
        if !after.starts_with(['0', '1']) {
            return Err(format!("found {text:?}; in a JSON Pointer a ~ is written ~0, and a / in a name ~1"));
        }
        rest = after;
    }
    for token in text.split('/').skip(1) {
        check_token(token)?;
    }
    if let Some(reserved) = text.chars().find(|character| "{}|".contains(*character)) {
        return Err(format!("found {text:?}; a pointer in rules cannot hold {reserved:?}"));
    }
    Ok(text.to_owned())
}

/// Checks a token that is no name.
fn check_token(token: &str) -> Result<(), String> {
    let is_option = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if token.starts_with('<') && !token.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).is_some_and(is_option)
    {
        return Err(format!("found {token:?}; a member that an option names is written <user_field>"));
    }
    let is_search =
        |inner: &str| inner.split_once('=').is_some_and(|(member, value)| !member.is_empty() && !value.is_empty());
    if token.starts_with('[') && !token.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(is_search)
    {
        return Err(format!("found {token:?}; the first element with a text at a member is written [type=User]"));
    }
    Ok(())
}

/// A step of a pointer in rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Name(String),
    /// The name of an option.
    Option(String),
    Element {
        member: String,
        value: String,
    },
}

/// Returns the steps of a checked pointer.
pub(crate) fn tokens(pointer: &str) -> impl Iterator<Item = Token> {
    let unescaped = |text: &str| text.replace("~1", "/").replace("~0", "~");
    pointer.split('/').skip(1).map(move |token| {
        if let Some(inner) = token.strip_prefix('<') {
            return Token::Option(inner.trim_end_matches('>').to_owned());
        }
        match token.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')?.split_once('=')) {
            Some((member, value)) => Token::Element { member: unescaped(member), value: unescaped(value) },
            None => Token::Name(unescaped(token)),
        }
    })
}

fn header(name: &str) -> Result<String, String> {
    let is_token = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`~".contains(&byte);
    if name.is_empty() || name.len() > 128 || !name.bytes().all(is_token) {
        return Err(format!(
            "found header:{name}; expected the name of a header in lower case, such as header:x-topic"
        ));
    }
    Ok(name.to_owned())
}
