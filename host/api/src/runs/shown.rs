//! Workflow runs as they are shown.

use inlet_core::time;
use inlet_store::{EventQuery, RunRecord, StoredRecipient};
use serde::Serialize;
use utoipa::ToSchema;

use crate::raw::Raw;

/// A workflow run.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowRun)]
pub struct ShownRun {
    /// Its id; later ones are greater.
    #[schema(format = Uuid)]
    id: String,
    /// The workflow's key.
    workflow: String,
    /// Whom it is for: the first 100.
    recipients: Vec<ShownRecipient>,
    /// How many recipients there are in all; `/v1/workflow_runs/{id}/recipients` lists them.
    recipients_count: i64,
    /// Who did it: a user id, or an object reference.
    #[schema(required, value_type = Value)]
    actor: Option<Raw>,
    /// In which tenant.
    #[schema(required, value_type = Option<String>)]
    tenant: Option<Raw>,
    /// The trigger's data, once for all recipients; null in a list when it is too long.
    #[schema(required, value_type = Option<Object>)]
    data: Option<Raw>,
    /// The length of `data`, in bytes.
    data_size: u64,
    /// By which the run can be cancelled.
    #[schema(required)]
    cancellation_key: Option<String>,
    /// The event that caused it.
    #[schema(format = Uuid)]
    source_event_id: String,
    /// When it was created.
    #[schema(format = DateTime)]
    inserted_at: String,
}

impl ShownRun {
    /// The whole run.
    pub fn of(record: RunRecord) -> Self {
        Self {
            id: record.id.to_string(),
            inserted_at: time::write_ms(record.inserted_at_ms()),
            workflow: record.workflow,
            recipients: record.recipients.into_iter().map(ShownRecipient::of).collect(),
            recipients_count: record.recipients_count,
            actor: record.actor.map(Raw::of),
            tenant: record.tenant.map(Raw::of),
            data_size: record.data.len() as u64,
            data: Some(Raw::of(record.data)),
            cancellation_key: record.cancellation_key,
            source_event_id: record.source_event.to_string(),
        }
    }

    /// The run as a list shows it.
    pub fn listed(record: RunRecord) -> Self {
        let mut shown = Self::of(record);
        shown.data = shown.data.filter(|_| shown.data_size <= EventQuery::CUT_ABOVE);
        shown
    }
}

/// One recipient of a run.
#[derive(Serialize, ToSchema)]
#[schema(as = WorkflowRunRecipient)]
pub struct ShownRecipient {
    /// The user's or object's id.
    id: String,
    /// The object's collection; absent for a user.
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<String>,
    /// What is merged over the run's data for this recipient; absent if there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    trigger_data: Option<Raw>,
}

impl ShownRecipient {
    /// A recipient of the store.
    pub fn of(recipient: StoredRecipient) -> Self {
        Self { id: recipient.id, collection: recipient.collection, trigger_data: recipient.trigger_data.map(Raw::of) }
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::Uuid;

    use super::*;

    fn record(data: String) -> RunRecord {
        let recipient = |ordinal, collection: Option<&str>, id: &str, trigger_data: Option<&str>| StoredRecipient {
            ordinal,
            collection: collection.map(str::to_owned),
            id: id.to_owned(),
            trigger_data: trigger_data.map(str::to_owned),
        };
        RunRecord {
            id: Uuid::try_parse("019b7c9b-7eae-7000-8000-000000000000").unwrap(),
            workflow: "order-completed".to_owned(),
            recipients: vec![
                recipient(0, None, "u_42", Some(r#"{"n":1.10}"#)),
                recipient(1, Some("projects"), "p1", None),
            ],
            recipients_count: 2,
            actor: Some(r#"{"collection":"projects","id":"p1"}"#.to_owned()),
            tenant: Some(r#""acme""#.to_owned()),
            data,
            cancellation_key: None,
            source_event: Uuid::nil(),
        }
    }

    #[test]
    fn a_run_as_it_is_shown() {
        let shown = ShownRun::of(record(r#"{"total":9007199254740993}"#.to_owned()));
        insta::assert_snapshot!(serde_json::to_string_pretty(&shown).unwrap(), @r#"
        {
          "id": "019b7c9b-7eae-7000-8000-000000000000",
          "workflow": "order-completed",
          "recipients": [
            {
              "id": "u_42",
              "trigger_data": {"n":1.10}
            },
            {
              "id": "p1",
              "collection": "projects"
            }
          ],
          "recipients_count": 2,
          "actor": {"collection":"projects","id":"p1"},
          "tenant": "acme",
          "data": {"total":9007199254740993},
          "data_size": 26,
          "cancellation_key": null,
          "source_event_id": "00000000-0000-0000-0000-000000000000",
          "inserted_at": "2026-01-02T02:48:43.950Z"
        }
        "#);
    }

    #[test]
    fn a_list_leaves_long_data_out_and_says_how_long_it_is() {
        let data = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length - 8));
        assert!(ShownRun::listed(record(data(16 * 1024))).data.is_some());
        let cut = ShownRun::listed(record(data(16 * 1024 + 1)));
        assert!(cut.data.is_none());
        assert_eq!(cut.data_size, 16 * 1024 + 1);
    }
}
