//! Hints: facts about an event that its plugin tells beside the values.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Facts about the event that the plugin tells beside its values; mappings read it by paths such as `hints.tenant`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SourceLogHints)]
pub struct EventHints {
    /// The tenant that the event belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The platform's id for somebody whom it does not know by a user id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous_id: Option<String>,
    /// The group or account that the user acts for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<String>,
}

impl EventHints {
    /// Returns the hints that are there, with the paths that mappings read them by.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("hints.tenant", &self.tenant),
            ("hints.anonymous_id", &self.anonymous_id),
            ("hints.group_id", &self.group_id),
        ];
        all.into_iter().filter_map(|(path, value)| Some((path, value.as_deref()?)))
    }
}
