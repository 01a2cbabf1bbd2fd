//! Responses about workflow runs.

use inlet_api_types::{
    RawJson,
    runs::{WorkflowRun, WorkflowRunCancellation, WorkflowRunRecipient, WorkflowRunStatus},
};
use inlet_core::{delivery::RunStatus, json, time};
use inlet_store::{Canceled, ListedDelivery, RunRecord, StoredAttempt, StoredRecipient};

use crate::{deliveries::response as deliveries, sources::logs::personal_data::HIDDEN, stored_json::stored_json};

/// The response for one run of the store.
pub fn run(record: RunRecord) -> WorkflowRun {
    WorkflowRun {
        status: status(record.status()),
        mapping_id: record.mapping.map(|id| id.to_string()),
        delivery_counts: deliveries::counts(record.deliveries),
        deliveries: None,
        id: record.id.to_string(),
        inserted_at: time::write_ms(record.inserted_at_ms()),
        workflow: record.workflow,
        recipients: record.recipients.into_iter().map(recipient).collect(),
        recipients_count: record.recipients_count,
        expanding: record.is_expanding,
        actor: record.actor.map(stored_json),
        tenant: record.tenant.map(stored_json),
        data_size: record.data.size,
        data: record.data.content.map(stored_json),
        cancellation_key: record.cancellation_key,
        settings: record.settings.map(stored_json),
        source_event_id: record.source_event.to_string(),
        canceled: record.canceled.map(cancellation),
        canceled_recipients_count: record.canceled_recipients,
    }
}

/// Returns a run as it is shown to a reader from whom received values may be hidden.
pub fn shown_to(run: WorkflowRun, hides: bool) -> WorkflowRun {
    if !hides {
        return run;
    }
    WorkflowRun {
        recipients: run.recipients.into_iter().map(|found| recipient_shown_to(found, true)).collect(),
        actor: run.actor.map(masked),
        tenant: run.tenant.map(masked),
        data: run.data.map(masked),
        cancellation_key: run.cancellation_key.map(|_| HIDDEN.to_owned()),
        ..run
    }
}

/// Returns a recipient as it is shown to a reader from whom received values may be hidden.
pub fn recipient_shown_to(recipient: WorkflowRunRecipient, hides: bool) -> WorkflowRunRecipient {
    match hides {
        false => recipient,
        true => WorkflowRunRecipient {
            id: HIDDEN.to_owned(),
            trigger_data: recipient.trigger_data.map(masked),
            ..recipient
        },
    }
}

fn masked(json: RawJson) -> RawJson {
    stored_json(json::mask(json.as_text()))
}

/// The response for one run with its newest deliveries.
pub fn run_with_deliveries(
    record: RunRecord,
    listed: Vec<(ListedDelivery, Vec<StoredAttempt>)>,
    hides: bool,
) -> WorkflowRun {
    let shown = |(listed, attempts)| deliveries::whole_delivery(listed, attempts, hides);
    WorkflowRun { deliveries: Some(listed.into_iter().map(shown).collect()), ..run(record) }
}

fn status(status: RunStatus) -> WorkflowRunStatus {
    match status {
        RunStatus::Recorded => WorkflowRunStatus::Recorded,
        RunStatus::Delivering => WorkflowRunStatus::Delivering,
        RunStatus::Delivered => WorkflowRunStatus::Delivered,
        RunStatus::Failed => WorkflowRunStatus::Failed,
        RunStatus::Canceled => WorkflowRunStatus::Canceled,
    }
}

fn cancellation(Canceled { at_ms, event }: Canceled) -> WorkflowRunCancellation {
    WorkflowRunCancellation { canceled_at: time::write_ms(at_ms), event_id: event.to_string() }
}

/// The response for a recipient of the store.
pub fn recipient(recipient: StoredRecipient) -> WorkflowRunRecipient {
    let status = status(recipient.status());
    let StoredRecipient { collection, id, trigger_data, canceled, .. } = recipient;
    WorkflowRunRecipient {
        id,
        collection,
        trigger_data_size: trigger_data.as_ref().filter(|data| data.content.is_none()).map(|data| data.size),
        trigger_data: trigger_data.and_then(|data| data.content).map(stored_json),
        status,
        canceled: canceled.map(cancellation),
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::{Uuid, delivery::DeliveryCounts};
    use inlet_store::Kept;

    use super::*;

    fn kept(text: &str) -> Kept<String> {
        Kept { content: Some(text.to_owned()), size: text.len() as u64 }
    }

    fn record(data: String) -> RunRecord {
        let recipient = |ordinal, collection: Option<&str>, id: &str, trigger_data: Option<&str>| StoredRecipient {
            ordinal,
            collection: collection.map(str::to_owned),
            id: id.to_owned(),
            trigger_data: trigger_data.map(kept),
            canceled: None,
            deliveries: DeliveryCounts { delivered: 1, ..DeliveryCounts::default() },
        };
        RunRecord {
            id: Uuid::try_parse("019b7c9b-7eae-7000-8000-000000000000").unwrap(),
            workflow: "order-completed".to_owned(),
            recipients: vec![
                recipient(0, None, "u_42", Some(r#"{"n":1.10}"#)),
                StoredRecipient {
                    canceled: Some(Canceled { at_ms: 1_767_322_123_950, event: Uuid::nil() }),
                    ..recipient(1, Some("projects"), "p1", None)
                },
            ],
            recipients_count: 2,
            actor: Some(r#"{"collection":"projects","id":"p1"}"#.to_owned()),
            tenant: Some(r#""acme""#.to_owned()),
            data: kept(&data),
            cancellation_key: None,
            settings: Some(r#"{"sandbox_mode":true}"#.to_owned()),
            source_event: Uuid::nil(),
            canceled: None,
            canceled_recipients: 1,
            is_expanding: false,
            mapping: None,
            deliveries: DeliveryCounts { pending: 1, delivered: 2, ..DeliveryCounts::default() },
        }
    }

    #[test]
    fn received_values_are_hidden_from_operators_where_the_environment_hides_them() {
        let shown = shown_to(run(record(r#"{"total":9007199254740993}"#.to_owned())), true);
        let text = serde_json::to_string(&shown).unwrap();
        for received in ["u_42", "\"p1\"", "1.10", "acme", "9007199254740993"] {
            assert!(!text.contains(received), "{received}: {text}");
        }
        assert!(text.contains("order-completed") && text.contains("\"total\""), "{text}");
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
              "trigger_data": {"n":1.10},
              "status": "delivered"
            },
            {
              "id": "p1",
              "collection": "projects",
              "status": "canceled",
              "canceled": {
                "canceled_at": "2026-01-02T02:48:43.950Z",
                "event_id": "00000000-0000-0000-0000-000000000000"
              }
            }
          ],
          "recipients_count": 2,
          "expanding": false,
          "actor": {"collection":"projects","id":"p1"},
          "tenant": "acme",
          "data": {"total":9007199254740993},
          "data_size": 26,
          "cancellation_key": null,
          "settings": {"sandbox_mode":true},
          "source_event_id": "00000000-0000-0000-0000-000000000000",
          "mapping_id": null,
          "status": "delivering",
          "delivery_counts": {
            "pending": 1,
            "retrying": 0,
            "delivered": 2,
            "dead": 0,
            "canceled": 0
          },
          "canceled_recipients_count": 1,
          "inserted_at": "2026-01-02T02:48:43.950Z"
        }
        "#);
    }
}
