//! Mappings from events to actions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{RawJson, ReadOnly};

/// A mapping from an event type to an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceMapping {
    /// The mapping's id.
    #[schema(format = Uuid)]
    pub id: String,
    /// The event type that the mapping matches.
    pub event_type: String,
    /// The action, for example `workflows_trigger`.
    pub action_type: String,
    /// The condition under which the mapping applies; absent if it always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub when: Option<RawJson>,
    /// The parameters of the action: paths into the event, `{"value": …}` for constants, objects, and the forms `$first`,
    /// `$template`, `$each` and `$lookup`.
    #[schema(value_type = Object)]
    pub action_parameters: RawJson,
    /// False for a mapping that matches nothing.
    pub active: bool,
    /// Always false: deleted mappings are not returned.
    pub is_deleted: bool,
    /// The creation time. Of one action type, older mappings are executed first.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A mapping to create, to keep or to change.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MappingRequest {
    /// The mapping to keep or change. Without an id: the one with the same event type, condition, action and parameters, or
    /// a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    pub id: Option<String>,
    /// The event type that the mapping matches, for example `track/Order Completed`. May be absent if `is_deleted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = String)]
    pub event_type: Option<String>,
    /// The action. May be absent if `is_deleted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required, value_type = String)]
    pub action_type: Option<String>,
    /// The condition under which the mapping applies, a JSON filter: `{"data.total": {"$gte": 100}, "$or": [{"data.plan": "pro"},
    /// {"data.trial": true}]}`. Keys are paths as in parameters; members of one object must all hold; a plain value means
    /// `$eq`. Operators: `$eq`, `$neq`, `$gt`, `$gte`, `$lt`, `$lte`, `$in`, `$nin`, `$exist`, `$startsWith`, `$endsWith`,
    /// `$contains`, `$and`, `$or`, `$not`. Numbers are compared with all their digits. At most 1,000 terms and 32 levels.
    /// Absent or null: the mapping always applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub when: Option<RawJson>,
    /// The parameters of the action: paths into the event, `{"value": …}` for constants, objects, and forms:
    /// `{"$first": [paths and values], "$default": constant}`, `{"$template": "Hi {{ data.name }}"}`,
    /// `{"$each": path, "$as": {…}}` (paths that begin with `item` read the item) and
    /// `{"$lookup": path, "$in": {"a": constant}, "$default": constant}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub action_parameters: Option<RawJson>,
    /// False for a mapping that matches nothing; true if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// True has the same effect as leaving the mapping out of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_deleted: Option<bool>,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub created_at: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub updated_at: ReadOnly,
}
