//! The compiled form of rules, as the component interprets it.

use crate::Rules;

/// The place in which a value is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Scope {
    /// In the item.
    Item = 0,
    /// From the top of the body.
    Body = 1,
    /// In the object whose batch the item is in.
    Up1 = 2,
    /// In the object whose batch that object is in.
    Up2 = 3,
    /// In the object whose batch that object is in.
    Up3 = 4,
    /// Among the headers.
    Header = 5,
    /// Among the query parameters.
    Query = 6,
    /// The event type.
    EventType = 7,
}

impl Scope {
    /// The scopes that pointers lead through.
    pub const POINTERS: [Self; 5] = [Self::Item, Self::Body, Self::Up1, Self::Up2, Self::Up3];

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        let all = [Self::Item, Self::Body, Self::Up1, Self::Up2, Self::Up3, Self::Header, Self::Query, Self::EventType];
        all.get(usize::from(byte)).copied()
    }
}

/// A value of the request: its scope and its number there. The number of a value that a pointer leads to is that of the
/// pointer's last [`Step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The scope.
    pub scope: Scope,
    /// The number; 0 in [`Scope::EventType`].
    pub index: u8,
}

impl Slot {
    /// The number of the scope's own value: of the item, of the body.
    pub const WHOLE: u8 = u8::MAX;
}

/// One step of the pointers of a scope. Pointers that begin alike share their first steps, so all of them are followed in
/// one pass. The steps after it up to `end` lead on from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// The target.
    pub name: Name<'a>,
    /// The number of the first step that does not lead on from this one.
    pub end: u8,
    /// The pointer that ends here, as the rules write it; the empty string if none does.
    pub pointer: &'a str,
    /// True if that is a JSON Pointer for every request.
    pub is_fixed: bool,
}

/// The target of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name<'a> {
    /// To the member of this name, or to the element of this number.
    Member(&'a str),
    /// To the member that the plugin's option of this name says: `<user_field>`.
    Option(&'a str),
    /// To the first element that is an object with this text at this member: `[type=User]`.
    Element {
        /// The member.
        member: &'a str,
        /// Its text.
        value: &'a str,
    },
}

/// Compiled rules.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Program<'a> {
    /// The rules; their values are numbered.
    pub rules: Rules<Slot, &'a str>,
    /// The steps of each scope of [`Scope::POINTERS`], a tree in preorder.
    pub steps: [Vec<Step<'a>>; 5],
    /// Names of headers.
    pub headers: Vec<&'a str>,
    /// Names of query parameters.
    pub query: Vec<&'a str>,
}
