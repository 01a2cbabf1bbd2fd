//! Audiences: named groups of users.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, RawJson, recipients::users::User, required};

/// A member of an audience.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AudienceMember {
    /// Always `AudienceMember`.
    #[serde(rename = "__typename")]
    pub typename: String,
    /// Id of the user.
    pub user_id: String,
    /// The user.
    pub user: User,
    /// Tenant for which the user is a member.
    #[schema(required)]
    pub tenant: Option<String>,
    /// Time at which the user was added.
    #[schema(format = DateTime)]
    pub added_at: String,
}

/// An audience that has members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Audience {
    /// Key.
    pub key: String,
}

/// The audiences of an environment, by key; the first 1,000.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AudienceList {
    /// The audiences.
    pub entries: Vec<Audience>,
    /// True if these are all.
    pub complete: bool,
}

/// A membership of a user in an audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    /// Key of the audience.
    pub audience: String,
    /// Tenant for which the user is a member.
    #[schema(required)]
    pub tenant: Option<String>,
    /// Time at which the user was added.
    #[schema(format = DateTime)]
    pub added_at: String,
}

/// The audiences that a user is a member of, by key; the first 100.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MembershipList {
    /// The memberships.
    pub entries: Vec<Membership>,
    /// True if these are all.
    pub complete: bool,
}

/// A page of members, the newest user first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AudienceMemberList {
    /// The members.
    pub entries: Vec<AudienceMember>,
    /// Cursors of the neighbouring pages.
    pub page_info: PageInfo,
}

/// Members to add or to remove.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"members": [{"user": {"id": "u_42", "name": "Ana"}, "tenant": "acme"}]}))]
pub struct AudienceMembersRequest {
    /// The members, at most 1,000.
    #[serde(deserialize_with = "read_members")]
    #[schema(max_items = 1000)]
    pub members: Vec<AudienceMemberRequest>,
}

fn read_members<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AudienceMemberRequest>, D::Error> {
    required(deserializer, "an array of members")
}

/// A member to add or to remove.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AudienceMemberRequest {
    /// The user: an object with its `id`, and properties to merge when it is added.
    #[serde(deserialize_with = "read_user")]
    #[schema(value_type = Object)]
    pub user: RawJson,
    /// Tenant for which the user is a member.
    pub tenant: Option<String>,
}

fn read_user<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RawJson, D::Error> {
    required(deserializer, "a user, an object with an id")
}
