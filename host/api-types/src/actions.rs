//! The actions of all events of an environment.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{PageInfo, logs::SearchedLogs};

/// The filters of the list of actions. One and the same action fulfils them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ActionFilterParams {
    /// Actions of this type, such as `workflows_trigger`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_type: Option<String>,
    /// That ended so: `success`, `skipped` or `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_status: Option<String>,
    /// Actions of this mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping_id: Option<String>,
    /// That triggers or cancels this workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// A trigger that reached or skipped this recipient: the id of a user, or `collection/id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// Actions for events of this source; `$api` for the calls of the recipients API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Actions for events of this type; `Paid` also finds `track/Paid`, as in a mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Actions for events about this user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Actions for events logged at this time or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starting_at: Option<String>,
    /// Actions for events logged before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending_at: Option<String>,
}

/// A page of actions, those of the newest event first; of one event in their order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Actions)]
pub struct ActionList {
    /// The actions.
    pub entries: Vec<ListedAction>,
    /// The cursors of the page. With `searched` there may be a next page although this one is short or empty.
    pub page_info: PageInfo,
    /// The reach of filters that no index has together: a page looks at the actions of 20,000 events at most. Absent if it was
    /// not reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub searched: Option<SearchedLogs>,
}

/// An action, with its event. The event's log entry has its parameters, payload and result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Action)]
pub struct ListedAction {
    /// The action's id.
    #[schema(format = Uuid)]
    pub id: String,
    /// The log entry of its event.
    #[schema(format = Uuid)]
    pub event_id: String,
    /// The source.
    pub source: String,
    /// The environment.
    pub environment: String,
    /// The event's type.
    pub event_type: String,
    /// The user that the event is about.
    #[schema(required)]
    pub user_id: Option<String>,
    /// The mapping; null for the built-in identify and for the error of too many recipients.
    #[schema(required, format = Uuid)]
    pub mapping_id: Option<String>,
    /// The action, for example `workflows_trigger`.
    pub action_type: String,
    /// `success`, `skipped` or `error`.
    pub action_status: String,
    /// The workflow that it triggers or cancels; null for other actions.
    #[schema(required)]
    pub workflow: Option<String>,
    /// The runs that it made.
    pub workflow_run_ids: Vec<String>,
    /// The number of recipients that it reached.
    pub recipients_count: usize,
    /// The number of recipients that it left out.
    pub skipped_recipients_count: usize,
    /// The reason of a skip or an error, human-readable.
    #[schema(required)]
    pub reason: Option<String>,
    /// Conditions that an operator should know although the action was not in error.
    pub warnings: Vec<String>,
    /// The time of logging.
    #[schema(format = DateTime)]
    pub inserted_at: String,
}
