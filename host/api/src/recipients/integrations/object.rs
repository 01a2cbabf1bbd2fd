//! The objects that a platform can sync to, and their fields.

use inlet_core::json;

/// The field of the user's id, by which records are told apart.
pub const USER_ID: &str = "user_id";
/// The field of the audience's key.
pub const AUDIENCE_KEY: &str = "audience_key";
/// The field of the tenant for which a user is a member.
pub const TENANT: &str = "tenant";

/// A kind of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Object {
    /// Users. All fields but the id are properties.
    User,
    /// Members of audiences. All fields that are not its own are properties of the user.
    Audience,
}

/// A field that columns are mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Name in mappings and records.
    pub id: &'static str,
    /// Human-readable name.
    pub label: &'static str,
    /// True if the values are times.
    pub is_time: bool,
}

const fn text(id: &'static str, label: &'static str) -> Field {
    Field { id, label, is_time: false }
}

const USER_FIELDS: [Field; 8] = [
    text(USER_ID, "User ID"),
    text("email", "Email"),
    text("name", "Name"),
    text("phone_number", "Phone number"),
    text("avatar", "Avatar (URL)"),
    text("locale", "Locale"),
    text("timezone", "Time zone"),
    Field { id: "created_at", label: "Created at", is_time: true },
];

const AUDIENCE_FIELDS: [Field; 3] =
    [text(USER_ID, "User ID"), text(AUDIENCE_KEY, "Audience key"), text(TENANT, "Tenant ID")];

impl Object {
    /// Every object.
    pub const ALL: [Object; 2] = [Object::User, Object::Audience];

    /// Returns the object that a JSON text names.
    pub fn read(name: Option<&str>) -> Option<Self> {
        let name = json::string(name?)?;
        Self::ALL.into_iter().find(|object| object.id() == name)
    }

    /// Returns the id in the conversation with the platform. It never changes, because platforms store it.
    pub fn id(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Audience => "audience",
        }
    }

    /// Returns the human-readable name.
    pub fn label(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Audience => "Audiences",
        }
    }

    /// Returns the fields that the platform offers, the user's id first.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::User => &USER_FIELDS,
            Self::Audience => &AUDIENCE_FIELDS,
        }
    }

    /// Returns true if a field of a record is a property of the user.
    pub fn is_property(self, field: &str) -> bool {
        match self {
            Self::User => field != USER_ID,
            Self::Audience => AUDIENCE_FIELDS.iter().all(|own| own.id != field),
        }
    }
}
