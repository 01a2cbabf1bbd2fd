//! Targets: the workflow engines and receivers that runs are delivered to.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{PageInfo, Patch, RawJson, ReadOnly, required};

/// A receiver of the runs of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Target {
    /// The name, unique in the environment.
    pub key: String,
    /// The kind, which says how it is called: `webhook`, `temporal`, `events`, `knock`, `novu` and more.
    pub kind: String,
    /// The URL; null where the kind has none, or a default.
    #[schema(required, value_type = Option<String>)]
    pub url: Option<RawJson>,
    /// The options of the kind that are set.
    #[schema(value_type = Object)]
    pub options: RawJson,
    /// The keys of the workflows whose runs it gets; null for all. A mapping that names its `targets` chooses by itself.
    #[schema(required)]
    pub workflows: Option<Vec<String>>,
    /// The secrets that are set, by the ends of their values.
    pub secrets: Vec<TargetSecret>,
    /// True if deliveries are sent.
    pub active: bool,
    /// The state.
    pub state: TargetState,
    /// The reason of the state, human-readable.
    #[schema(required)]
    pub state_reason: Option<String>,
    /// The time since which it has the state.
    #[schema(format = DateTime)]
    pub state_since: String,
    /// The number of deliveries that are not sent yet, or are tried again.
    pub open_deliveries: u64,
    /// The creation time of the oldest of them; null if there are none.
    #[schema(required, format = DateTime)]
    pub oldest_open_delivery_at: Option<String>,
    /// The creation time.
    #[schema(format = DateTime)]
    pub inserted_at: String,
    /// The time of the last change of its settings.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A secret of a target, which is never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetSecret {
    /// The member that sets it, such as `signing_secret` or `secret_headers.authorization`.
    pub name: String,
    /// The end of its value; null if it is too short for that.
    #[schema(required)]
    pub hint: Option<String>,
}

/// The state of a target. Runs get their deliveries in every state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// Deliveries are sent.
    Running,
    /// Deliveries wait: an operator paused it, or it refused the credentials.
    Paused,
    /// Deliveries wait: it failed for three days, or answered 410.
    Disabled,
}

/// The targets of an environment, by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetList {
    /// The targets.
    pub entries: Vec<Target>,
    /// No cursors: the list is complete.
    pub page_info: PageInfo,
}

/// The workflows of a target's engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetWorkflows {
    /// The workflows, by key; null if they cannot be listed.
    #[schema(required)]
    pub entries: Option<Vec<TargetWorkflow>>,
    /// True if these are all. Of a longer list the first 1000 are shown.
    pub complete: bool,
    /// The time of the engine's answer; null if there is none.
    #[schema(required, format = DateTime)]
    pub fetched_at: Option<String>,
    /// The reason why they cannot be listed, human-readable; null if they are.
    #[schema(required)]
    pub reason: Option<String>,
}

/// A workflow of a target's engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetWorkflow {
    /// The key, as `key` of a mapping's `action_parameters` names it.
    pub key: String,
}

/// A target to create or to change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PutTarget)]
pub struct UpsertTarget {
    /// The target.
    #[serde(deserialize_with = "read_target")]
    pub target: TargetRequest,
}

fn read_target<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TargetRequest, D::Error> {
    required(deserializer, "an object")
}

/// The target after the change. What is absent stays as it is; null removes a secret or the URL.
///
/// Values are [`RawJson`], because the server checks them by the rules of the kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(description = "The target after the change. What is absent stays as it is; null removes a secret or the URL.")]
pub struct TargetRequest {
    /// The kind; required for a new target, and fixed afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The URL. Where the kind has placeholders, `{workflow}` and `{key}` may stand in its path and its query.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>)]
    pub url: Patch<RawJson>,
    /// All options of the kind; those that are absent get their default. Null resets all.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Object>)]
    pub options: Patch<RawJson>,
    /// The keys of the workflows whose runs it gets; null for all.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Vec<String>>)]
    pub workflows: Patch<Vec<String>>,
    /// True: deliveries are sent. False: they wait. A new target is active if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<bool>,
    /// `webhook`: the secret that signs, `whsec_` and base64 of 24 to 64 bytes, or a list of these in rotation, the newest
    /// first. Write only.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Value>, write_only)]
    pub signing_secret: Patch<RawJson>,
    /// `webhook`: headers with secret values. Write only.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<Object>, write_only)]
    pub secret_headers: Patch<RawJson>,
    /// `knock`, `novu` and `temporal`: the key of its API. Write only.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, write_only)]
    pub api_key: Patch<RawJson>,
    /// `events`: the write key. Write only.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, write_only)]
    pub write_key: Patch<RawJson>,
    /// `nats`: the token. Write only.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, write_only)]
    pub token: Patch<RawJson>,
    /// `nats`: the password. Write only.
    #[serde(default, skip_serializing_if = "Patch::is_keep")]
    #[schema(value_type = Option<String>, write_only)]
    pub password: Patch<RawJson>,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub key: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub secrets: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub state: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub state_reason: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub state_since: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub open_deliveries: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub oldest_open_delivery_at: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub inserted_at: ReadOnly,
    /// Ignored.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub updated_at: ReadOnly,
}

impl TargetRequest {
    /// Returns the secrets of all kinds, by the names of their members.
    pub fn secrets(&self) -> [(&'static str, &Patch<RawJson>); 6] {
        [
            ("signing_secret", &self.signing_secret),
            ("secret_headers", &self.secret_headers),
            ("api_key", &self.api_key),
            ("write_key", &self.write_key),
            ("token", &self.token),
            ("password", &self.password),
        ]
    }
}

/// A test of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestTarget {
    /// The workflow that the target's engine is to begin.
    pub workflow: String,
    /// The user for whom it is, who must be identified; `inlet-test` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
}

/// A test that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestDelivery {
    /// The run, which has one delivery.
    #[schema(format = Uuid)]
    pub workflow_run_id: String,
}
