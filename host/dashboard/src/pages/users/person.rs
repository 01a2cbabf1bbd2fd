//! A user as people read one: the name or the email address, and the id.

use inlet_api_types::{RawJson, recipients::users::User};

/// The texts of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: String,
    /// The name.
    pub name: Option<String>,
    /// The email address.
    pub email: Option<String>,
}

impl Person {
    /// Returns the texts of a user.
    pub fn of(user: &User) -> Self {
        let text =
            |value: &Option<RawJson>| value.as_ref().and_then(RawJson::to_str).filter(|text| !text.trim().is_empty());
        Self { id: user.id.clone(), name: text(&user.name), email: text(&user.email) }
    }

    /// The name, else the email address, else the id.
    pub fn title(&self) -> &str {
        self.name.as_deref().or(self.email.as_deref()).unwrap_or(&self.id)
    }
}
