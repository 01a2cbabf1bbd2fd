//! Canceling runs.

use serde_json::{Value, json};

use super::Api;

impl Api {
    async fn trigger(&self, workflow: &str, key: &str, recipients: Value) -> String {
        let body = json!({"recipients": recipients, "cancellation_key": key});
        let (status, answer) = self.post(&format!("/v1/workflows/{workflow}/trigger"), body).await;
        assert_eq!(status, 200, "{answer}");
        answer["workflow_run_id"].as_str().unwrap().to_owned()
    }

    async fn cancel(&self, workflow: &str, body: Value) {
        let canceled = self.post(&format!("/v1/workflows/{workflow}/cancel"), body).await;
        assert_eq!(canceled, (204, Value::Null));
    }

    /// Returns the status of a run, and the status of each recipient.
    async fn statuses(&self, run: &str) -> (String, Vec<String>) {
        let (status, run) = self.get(&format!("/v1/workflow_runs/{run}")).await;
        assert_eq!(status, 200, "{run}");
        let text = |value: &Value| value["status"].as_str().unwrap().to_owned();
        (text(&run), run["recipients"].as_array().unwrap().iter().map(text).collect())
    }
}

fn statuses(run: &str, recipients: &[&str]) -> (String, Vec<String>) {
    (run.to_owned(), recipients.iter().map(|status| (*status).to_owned()).collect())
}

#[tokio::test]
async fn a_cancellation_stops_the_runs_with_its_key_whole_or_for_some() {
    let api = Api::start().await;
    let all = json!([{"id": "a"}, {"id": "b"}, {"id": "p1", "collection": "projects", "name": "P"}]);
    let first = api.trigger("order", "o-1", all.clone()).await;
    let second = api.trigger("order", "o-1", json!(["a"])).await;
    let other_key = api.trigger("order", "o-2", json!(["a"])).await;
    let other_workflow = api.trigger("refund", "o-1", json!(["a"])).await;
    api.cancel(
        "order",
        json!({"cancellation_key": "o-1", "recipients": ["b", {"collection": "projects", "id": "p1"}]}),
    )
    .await;
    assert_eq!(api.statuses(&first).await, statuses("recorded", &["recorded", "canceled", "canceled"]));
    assert_eq!(api.statuses(&second).await, statuses("recorded", &["recorded"]));
    api.cancel("order", json!({"cancellation_key": "o-1", "recipients": null})).await;
    assert_eq!(api.statuses(&first).await, statuses("canceled", &["canceled", "canceled", "canceled"]));
    assert_eq!(api.statuses(&second).await, statuses("canceled", &["canceled"]));
    for untouched in [&other_key, &other_workflow] {
        assert_eq!(api.statuses(untouched).await, statuses("recorded", &["recorded"]));
    }
    // Nothing to cancel is no error, and a later run with the key is not canceled.
    api.cancel("order", json!({"cancellation_key": "o-1"})).await;
    api.cancel("nothing", json!({"cancellation_key": "o-1"})).await;
    let later = api.trigger("order", "o-1", json!(["a"])).await;
    assert_eq!(api.statuses(&later).await, statuses("recorded", &["recorded"]));
}
