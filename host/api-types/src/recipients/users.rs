//! Users of an environment.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson};

/// A user; custom properties are members too.
///
/// Texts are [`RawJson`], so that they keep the escapes that they were stored with; [`RawJson::to_str`] decodes one.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(description = "A user; custom properties are members too.")]
pub struct User {
    /// Always `User`.
    #[serde(rename = "__typename")]
    pub typename: String,
    /// Id, as the platforms give it.
    pub id: String,
    /// Full name.
    #[schema(required, value_type = Option<String>)]
    pub name: Option<RawJson>,
    /// Email address.
    #[schema(required, value_type = Option<String>)]
    pub email: Option<RawJson>,
    /// Telephone number.
    #[schema(required, value_type = Option<String>)]
    pub phone_number: Option<RawJson>,
    /// URL of a picture.
    #[schema(required, value_type = Option<String>)]
    pub avatar: Option<RawJson>,
    /// Time zone.
    #[schema(required, value_type = Option<String>)]
    pub timezone: Option<RawJson>,
    /// Language.
    #[schema(required, value_type = Option<String>)]
    pub locale: Option<RawJson>,
    /// Time of creation, if a platform reports it.
    #[schema(required, format = DateTime)]
    pub created_at: Option<String>,
    /// Time of the last identification.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Custom properties, in the order in which they were stored.
    #[serde(flatten)]
    #[schema(ignore)]
    pub properties: IndexMap<String, RawJson>,
}

impl<'de> Deserialize<'de> for User {
    /// Reads all members as text first: `#[serde(flatten)]` would lose digits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = IndexMap::<String, RawJson>::deserialize(deserializer)?;
        let mut take = |name: &str| members.shift_remove(name).filter(|value| value.as_text() != "null");
        let (typename, id) = (take("__typename"), take("id"));
        let (name, email, phone_number) = (take("name"), take("email"), take("phone_number"));
        let (avatar, timezone, locale) = (take("avatar"), take("timezone"), take("locale"));
        let (created_at, updated_at) = (take("created_at"), take("updated_at"));
        let text = |value: Option<RawJson>, member| {
            value.and_then(|value| value.to_str()).ok_or_else(|| serde::de::Error::missing_field(member))
        };
        Ok(Self {
            typename: text(typename, "__typename")?,
            id: text(id, "id")?,
            name,
            email,
            phone_number,
            avatar,
            timezone,
            locale,
            created_at: created_at.and_then(|value| value.to_str()),
            updated_at: text(updated_at, "updated_at")?,
            properties: members,
        })
    }
}

/// The properties of a user to merge; custom properties are members too.
///
/// The server reads it as text, so that every digit is kept. It describes the members that have a meaning.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(
    description = "The properties of a user to merge; custom properties are members too.",
    example = json!({"name": "Ana", "email": "ana@example.com", "plan": "pro"})
)]
pub struct UserRequest {
    /// Full name.
    pub name: Option<String>,
    /// Email address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone_number: Option<String>,
    /// URL of a picture.
    pub avatar: Option<String>,
    /// Language.
    pub locale: Option<String>,
    /// Time zone.
    pub timezone: Option<String>,
    /// Time of creation.
    #[schema(format = DateTime)]
    pub created_at: Option<String>,
    /// Addresses of the user by channel, kept and passed on as they are.
    #[schema(value_type = Option<Object>)]
    pub channel_data: Option<RawJson>,
    /// Preference sets by id, kept and passed on as they are.
    #[schema(value_type = Option<Object>)]
    pub preferences: Option<RawJson>,
}

/// A page of users, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UserList {
    /// The users.
    pub entries: Vec<User>,
    /// Cursors of the neighbouring pages.
    pub page_info: PageInfo,
    /// Number of users that were looked at for `search`, at most 20,000; absent without it. The cursors go on from there,
    /// also from a page without entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_keeps_digits_escapes_and_order() {
        let text = r#"{"__typename":"User","id":"u_42","name":"Ana \u00e9","email":null,"phone_number":null,"avatar":null,"timezone":null,"locale":null,"created_at":null,"updated_at":"2026-01-02T03:04:05.678Z","plan":"pro","credit":9007199254740993,"x":null}"#;
        let user: User = serde_json::from_str(text).unwrap();
        assert_eq!(user.name.as_ref().and_then(RawJson::to_str).as_deref(), Some("Ana é"));
        assert_eq!(serde_json::to_string(&user).unwrap(), text);
    }
}
