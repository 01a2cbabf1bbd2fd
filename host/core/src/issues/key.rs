//! The key of an issue.

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// The code of failures that get no issue of their own.
pub const OTHER_CODE: &str = "other";

/// The longest code that names an issue.
const MAX_CODE_BYTES: usize = 64;

/// The place where failures happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IssuePlace {
    /// A source in an environment, by its database id.
    SourceEnvironment(i64),
    /// A target, by its database id.
    Target(i64),
}

/// The stage in which something fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IssueStage {
    /// A request is refused.
    Verify,
    /// The plugin fails.
    Translate,
    /// An item cannot be read as an event.
    Read,
    /// An action cannot be carried out.
    Act,
    /// A target does not take a delivery.
    Deliver,
}

impl IssueStage {
    /// Every stage.
    pub const ALL: [Self; 5] = [Self::Verify, Self::Translate, Self::Read, Self::Act, Self::Deliver];

    /// Returns the name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Translate => "translate",
            Self::Read => "read",
            Self::Act => "act",
            Self::Deliver => "deliver",
        }
    }

    /// Returns the number under which it is stored. It never changes.
    pub fn number(self) -> u8 {
        match self {
            Self::Verify => 0,
            Self::Translate => 1,
            Self::Read => 2,
            Self::Act => 3,
            Self::Deliver => 4,
        }
    }
}

/// The thing to blame for a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blamed<'a> {
    /// Nothing in the configuration.
    Nobody,
    /// A plugin's version, by its database id.
    Plugin(i64),
    /// A mapping.
    Mapping(Uuid),
    /// An action without a mapping, such as the built-in identify.
    Action(&'a str),
}

/// The cause of failures that belong to one issue.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IssueKey<'a> {
    /// The place.
    pub place: IssuePlace,
    /// The stage.
    pub stage: IssueStage,
    code: &'a str,
    /// The thing to blame.
    pub blamed: Blamed<'a>,
}

impl<'a> IssueKey<'a> {
    /// Names a cause. A code that is no short word, as a plugin may return one, counts as [`OTHER_CODE`]: it could hold values of
    /// a request.
    pub fn new(place: IssuePlace, stage: IssueStage, code: &'a str, blamed: Blamed<'a>) -> Self {
        let is_word =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.');
        let is_short = !code.is_empty() && code.len() <= MAX_CODE_BYTES;
        let code = if is_short && code.bytes().all(is_word) { code } else { OTHER_CODE };
        Self { place, stage, code, blamed }
    }

    /// Returns the key of the failures at this place and stage that get no issue of their own.
    pub fn other(&self) -> IssueKey<'static> {
        IssueKey::new(self.place, self.stage, OTHER_CODE, Blamed::Nobody)
    }

    /// Returns the code, a short word.
    pub fn code(&self) -> &'a str {
        self.code
    }

    /// Returns the id of the issue: the same for the same cause, and different for different ones.
    pub fn id(&self) -> Uuid {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        let (kind, place) = match self.place {
            IssuePlace::SourceEnvironment(id) => (0, id),
            IssuePlace::Target(id) => (1, id),
        };
        add(&[kind, self.stage.number()]);
        add(&place.to_be_bytes());
        add(self.code.as_bytes());
        match self.blamed {
            Blamed::Nobody => add(b"nobody"),
            Blamed::Plugin(id) => {
                add(b"plugin");
                add(&id.to_be_bytes());
            }
            Blamed::Mapping(id) => {
                add(b"mapping");
                add(id.as_bytes());
            }
            Blamed::Action(action) => {
                add(b"action");
                add(action.as_bytes());
            }
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        // Version 8: bits of one's own.
        uuid::Builder::from_custom_bytes(id).into_uuid()
    }
}
