//! Subscriptions of recipients to objects.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson, recipients::objects::CollectionObject, recipients::users::User, required};

/// A subscription of a recipient to an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// Always `Subscription`.
    #[serde(rename = "__typename")]
    pub typename: String,
    /// The subscriber.
    pub recipient: Recipient,
    /// The object.
    pub object: CollectionObject,
    /// Properties of the subscription.
    #[schema(required, value_type = Option<std::collections::BTreeMap<String, Value>>)]
    pub properties: RawJson,
    /// Time at which the recipient was subscribed.
    #[schema(format = DateTime)]
    pub inserted_at: String,
    /// Time at which the properties were last replaced.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A user or an object.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(description = "A user or an object.")]
pub enum Recipient {
    /// A user.
    User(Box<User>),
    /// An object.
    Object(CollectionObject),
}

impl<'de> Deserialize<'de> for Recipient {
    /// Reads the text by its `__typename`: `#[serde(untagged)]` would lose digits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "__typename")]
            typename: String,
        }
        let json = RawJson::deserialize(deserializer)?;
        let head: Head = serde_json::from_str(json.as_text()).map_err(serde::de::Error::custom)?;
        match head.typename.as_str() {
            "User" => serde_json::from_str(json.as_text()).map(|user| Self::User(Box::new(user))),
            _ => serde_json::from_str(json.as_text()).map(Self::Object),
        }
        .map_err(serde::de::Error::custom)
    }
}

/// A page of subscriptions, those with the newest counterpart first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionList {
    /// The subscriptions.
    pub entries: Vec<Subscription>,
    /// Cursors of the neighbouring pages.
    pub page_info: PageInfo,
}

/// Recipients to subscribe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"recipients": ["u_42", {"id": "u_43", "name": "Ana"}], "properties": {"role": "owner"}}))]
pub struct SubscribeRequest {
    /// Recipients, at most 1,000, written as those of a trigger.
    #[serde(deserialize_with = "read_recipients")]
    #[schema(value_type = Vec<Value>, max_items = 1000)]
    pub recipients: Vec<RawJson>,
    /// Properties of the subscriptions, which replace those that there are.
    #[schema(value_type = Option<Object>)]
    pub properties: Option<RawJson>,
}

/// Recipients whose subscriptions end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"recipients": ["u_42", {"collection": "projects", "id": "p1"}]}))]
pub struct UnsubscribeRequest {
    /// Ids of users or references `{collection, id}`, at most 1,000.
    #[serde(deserialize_with = "read_recipients")]
    #[schema(value_type = Vec<Value>, max_items = 1000)]
    pub recipients: Vec<RawJson>,
}

fn read_recipients<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RawJson>, D::Error> {
    required(deserializer, "an array of recipients")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_read_by_its_type_with_all_digits() {
        let object = r#"{"__typename":"Object","id":"p1","collection":"projects","properties":{"n":9007199254740993},"created_at":null,"updated_at":"2026-01-02T03:04:05.678Z"}"#;
        let recipient: Recipient = serde_json::from_str(object).unwrap();
        assert!(matches!(&recipient, Recipient::Object(found) if found.id == "p1"));
        assert_eq!(serde_json::to_string(&recipient).unwrap(), object);
        let user = r#"{"__typename":"User","id":"u","name":null,"email":null,"phone_number":null,"avatar":null,"timezone":null,"locale":null,"created_at":null,"updated_at":"2026-01-02T03:04:05.678Z","n":1.10}"#;
        let recipient: Recipient = serde_json::from_str(user).unwrap();
        assert!(matches!(&recipient, Recipient::User(_)));
        assert_eq!(serde_json::to_string(&recipient).unwrap(), user);
    }
}
