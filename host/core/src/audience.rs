//! Audiences: named groups of users.
//!
//! Source of the rules: semantics.md §6.

/// A user as a member of an audience. A user is at most once a member without a tenant, and once for each tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Membership {
    /// The audience's key.
    pub audience: String,
    /// The user's id.
    pub user: String,
    /// The id of the tenant for which the user is a member; it need not be identified.
    pub tenant: Option<String>,
}
