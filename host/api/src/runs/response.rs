//! Responses about workflow runs.

use inlet_api_types::runs::{WorkflowRun, WorkflowRunRecipient};
use inlet_core::time;
use inlet_store::{EventQuery, RunRecord, StoredRecipient};

use crate::stored_json::stored_json;

/// The response for one run of the store.
pub fn run(record: RunRecord) -> WorkflowRun {
    WorkflowRun {
        id: record.id.to_string(),
        inserted_at: time::write_ms(record.inserted_at_ms()),
        workflow: record.workflow,
        recipients: record.recipients.into_iter().map(recipient).collect(),
        recipients_count: record.recipients_count,
        actor: record.actor.map(stored_json),
        tenant: record.tenant.map(stored_json),
        data_size: record.data.len() as u64,
        data: Some(stored_json(record.data)),
        cancellation_key: record.cancellation_key,
        source_event_id: record.source_event.to_string(),
    }
}

/// A run as an entry of a list, without data that is too long.
pub fn listed_run(record: RunRecord) -> WorkflowRun {
    let mut listed = run(record);
    listed.data = listed.data.filter(|_| listed.data_size <= EventQuery::CUT_ABOVE);
    listed
}

/// The response for a recipient of the store.
pub fn recipient(StoredRecipient { collection, id, trigger_data, .. }: StoredRecipient) -> WorkflowRunRecipient {
    WorkflowRunRecipient { id, collection, trigger_data: trigger_data.map(stored_json) }
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
        let shown = run(record(r#"{"total":9007199254740993}"#.to_owned()));
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
        assert!(listed_run(record(data(16 * 1024))).data.is_some());
        let cut = listed_run(record(data(16 * 1024 + 1)));
        assert!(cut.data.is_none());
        assert_eq!(cut.data_size, 16 * 1024 + 1);
    }
}
