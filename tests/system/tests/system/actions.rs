//! Every action type, from a webhook of a real plugin to what is read back.

use std::time::{Duration, Instant};

use inlet_system_tests::{Endpoint, Server, track};
use reqwest::Method;
use serde_json::{Value, json};

/// A server with a source that has a mapping for every action, and a key to its environment.
struct Actions {
    server: Server,
    endpoint: Endpoint,
    key: String,
}

impl Actions {
    async fn start() -> Self {
        let server = Server::start().await;
        let mapping = |event: &str, action: &str, parameters: Value| json!({"event_type": event, "action_type": action, "action_parameters": parameters});
        let project = json!({"collection": "projects", "id": "data.id"});
        let with = |base: &Value, more: Value| {
            let mut all = base.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        let members = json!({"recipients": "data.members"});
        let order = json!({"key": "order", "cancellation_key": "data.order"});
        let beta = json!({"key": "beta", "user_id": "data.who", "tenant": "data.org"});
        let mappings = json!([
            // Created first and carried out last: the order is one of types.
            mapping("Order Placed", "workflows_trigger", with(&order, json!({"recipients": "data.to"}))),
            mapping("Order Placed", "workflows_cancel", order.clone()),
            mapping("Order Canceled", "workflows_cancel", order.clone()),
            mapping("Order Changed", "workflows_cancel", with(&order, json!({"recipients": "data.to"}))),
            mapping(
                "Project Created",
                "objects_subscribe",
                with(&project, with(&members, json!({"properties": "data.set"})))
            ),
            mapping("Project Created", "objects_set", with(&project, json!({"properties": "data.set"}))),
            mapping("Project Left", "objects_unsubscribe", with(&project, members)),
            mapping("Project Closed", "objects_delete", project),
            mapping("Org Set", "tenants_set", json!({"id": "data.org", "properties": "data.set"})),
            mapping("Org Closed", "tenants_delete", json!({"id": "data.org"})),
            mapping("Beta Joined", "audiences_add_member", beta.clone()),
            mapping("Beta Left", "audiences_remove_member", beta),
            mapping("Signed Up", "users_identify", json!({"properties": "data"})),
            mapping("Left", "users_delete", json!({})),
        ]);
        let endpoint = server.source("segment", "segment", json!({}), mappings).await;
        let key = server.api_key("development").await;
        Self { server, endpoint, key }
    }

    /// Sends an event and returns its log's actions.
    async fn send(&self, event: &str, user: &str, data: Value, outcome: &str) -> Vec<Value> {
        self.endpoint.expect(track(event, user, "", data), &[outcome]).await;
        self.server.last_log("segment").await["actions"].as_array().unwrap().clone()
    }

    /// Sends an event of one action and returns the action's result.
    async fn result(&self, event: &str, data: Value, outcome: &str) -> Value {
        let actions = self.send(event, "u_1", data, outcome).await;
        assert_eq!(actions.len(), 1, "{actions:?}");
        actions[0]["action_result"].clone()
    }

    async fn rehearse(&self, event: &str, data: Value) -> Value {
        let path = "/v1/sources/segment/rehearse?environment=development";
        let body = json!({"body": track(event, "u_1", "", data)});
        let response = self.server.manage(Method::POST, path).json(&body).send().await.unwrap();
        let rehearsal: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        rehearsal["would_write"].clone()
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.server.get_with_key(&self.key, path).await
    }
}

#[tokio::test]
async fn objects_are_set_subscribed_to_and_deleted_with_their_subscriptions() {
    let inlet = Actions::start().await;
    inlet.send("Signed Up", "u_1", json!({"name": "Ann"}), "executed").await;
    let members = json!(["u_1", {"id": "u_2", "name": "Bo"}, "ghost"]);
    let data = json!({"id": "p1", "set": {"name": "One", "plan": {"seats": 1}}, "members": members});

    let would_write = inlet.rehearse("Project Created", data.clone()).await;
    assert_eq!(would_write["objects"][0]["after"], data["set"]);
    let subscription =
        json!({"object": {"collection": "projects", "id": "p1"}, "recipient": "u_1", "properties": data["set"]});
    assert_eq!(would_write["subscriptions"][0], subscription);
    assert_eq!(inlet.get("/v1/objects/projects/p1").await.0, 404, "a rehearsal writes nothing");

    let actions = inlet.send("Project Created", "u_1", data, "executed").await;
    let types: Vec<_> = actions.iter().map(|action| action["action_type"].as_str().unwrap()).collect();
    assert_eq!(types, ["objects_set", "objects_subscribe"]);
    let result = &actions[1]["action_result"];
    assert_eq!(result["recipients"], json!([{"id": "u_1"}, {"id": "u_2"}]));
    assert_eq!(result["skipped_recipients"], json!([{"id": "ghost", "reason": "not identified"}]));
    assert_eq!(inlet.get("/v1/users/u_2").await.1["name"], "Bo");

    let more = json!({"id": "p1", "set": {"plan": {"tier": "pro"}}, "members": ["u_2"]});
    inlet.send("Project Created", "u_1", more, "executed").await;
    let object = inlet.get("/v1/objects/projects/p1").await.1;
    assert_eq!((&object["id"], &object["collection"]), (&json!("p1"), &json!("projects")), "{object}");

    let left = |members: Value| json!({"id": "p1", "members": members});
    let would_write = inlet.rehearse("Project Left", left(json!("u_2"))).await;
    assert_eq!(would_write["subscriptions"][0]["is_ended"], true, "{would_write}");
    let result = inlet.result("Project Left", left(json!(["u_2", {"id": "u_3"}])), "executed").await;
    assert_eq!((&result["recipients"], &result["not_subscribed"]), (&json!([{"id": "u_2"}]), &json!([{"id": "u_3"}])));

    inlet.result("Project Closed", json!({"id": "p1"}), "executed").await;
    assert_eq!(inlet.get("/v1/objects/projects/p1").await.0, 404);
    inlet.send("Project Created", "u_1", json!({"id": "p1", "members": "ghost"}), "executed").await;
    let result = inlet.result("Project Left", left(json!("u_1")), "skipped").await;
    assert_eq!(result["not_subscribed"], json!([{"id": "u_1"}]), "the subscription went with the object");
    let metrics =
        inlet.server.until_metrics("inlet_job_runs_total{job=\"deleted_recipients\",outcome=\"succeeded\"}").await;
    assert!(metrics.contains("objects_unsubscribe"), "{metrics}");
}

#[tokio::test]
async fn tenants_are_set_and_deleted_with_their_memberships() {
    let inlet = Actions::start().await;
    inlet.send("Signed Up", "u_1", json!({}), "executed").await;
    inlet
        .result("Org Set", json!({"org": "acme", "set": {"settings": {"branding": {"icon_url": "a"}}}}), "executed")
        .await;
    inlet.result("Org Set", json!({"org": "acme", "set": {"name": "Acme"}}), "executed").await;
    let tenant = inlet.get("/v1/tenants/acme").await.1;
    assert_eq!(
        (&tenant["name"], &tenant["settings"]["branding"]["icon_url"]),
        (&json!("Acme"), &json!("a")),
        "{tenant}"
    );

    let would_write = inlet.rehearse("Beta Joined", json!({"who": "u_1", "org": "acme"})).await;
    assert_eq!(would_write["members"], json!([{"audience": "beta", "user_id": "u_1", "tenant": "acme"}]));
    let result = inlet.result("Beta Joined", json!({"who": ["u_1", 7], "org": "acme"}), "executed").await;
    assert_eq!(result["members"], json!([{"id": "u_1"}]));
    assert_eq!(result["skipped_recipients"], json!([{"id": "7", "reason": "not identified"}]));
    inlet.result("Beta Joined", json!({"who": "u_1"}), "executed").await;

    inlet.result("Org Closed", json!({"org": "acme"}), "executed").await;
    assert_eq!(inlet.get("/v1/tenants/acme").await.0, 404);
    let result = inlet.result("Beta Left", json!({"who": "u_1", "org": "acme"}), "skipped").await;
    assert_eq!(result["not_members"], json!([{"id": "u_1"}]), "the membership went with the tenant");
    let result = inlet.result("Beta Left", json!({"who": "u_1"}), "executed").await;
    assert_eq!(result["members"], json!([{"id": "u_1"}]));
    inlet.send("Left", "u_1", json!({}), "executed").await;
    inlet.result("Beta Left", json!({"who": "u_1"}), "skipped").await;
}

#[tokio::test]
async fn runs_are_canceled_wholly_and_for_some() {
    let inlet = Actions::start().await;
    let to = json!([{"id": "u_1"}, {"id": "u_2"}]);
    let place = || json!({"order": "o1", "to": to.clone()});
    let first = inlet.send("Order Placed", "u_1", place(), "executed").await;
    assert_eq!((&first[0]["action_type"], &first[0]["action_status"]), (&json!("workflows_cancel"), &json!("skipped")));
    let run = first[1]["action_result"]["workflow_run_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/workflow_runs/{run}");
    let shown = inlet.get(&path).await.1;
    assert_eq!((&shown["status"], &shown["canceled"]), (&json!("recorded"), &Value::Null), "{shown}");

    let result = inlet.result("Order Changed", json!({"order": "o1", "to": "u_2"}), "executed").await;
    assert_eq!(result["partly_canceled_runs"], json!([{"workflow_run_id": run, "canceled_recipients": 1}]));
    let shown = inlet.get(&path).await.1;
    assert_eq!((&shown["status"], &shown["canceled_recipients_count"]), (&json!("recorded"), &json!(1)));
    let statuses = |shown: &Value| -> Vec<String> {
        let recipients = shown["recipients"].as_array().unwrap();
        recipients.iter().map(|recipient| recipient["status"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(statuses(&shown), ["recorded", "canceled"]);

    let would_write = inlet.rehearse("Order Canceled", json!({"order": "o1"})).await;
    assert_eq!(would_write["canceled_runs"], json!([{"workflow_run_id": run, "canceled_recipients": null}]));
    let sent = inlet.endpoint.expect(track("Order Canceled", "u_1", "", json!({"order": "o1"})), &["executed"]).await;
    let shown = inlet.get(&path).await.1;
    assert_eq!(shown["canceled"]["event_id"], sent["events"][0]["id"], "{shown}");
    assert_eq!(
        (shown["status"].as_str(), statuses(&shown)),
        (Some("canceled"), vec!["canceled".into(), "canceled".into()])
    );
    let page = inlet.get(&format!("{path}/recipients")).await.1;
    assert_eq!(page["entries"], shown["recipients"]);
    inlet.result("Order Canceled", json!({"order": "o1"}), "skipped").await;

    // A cancel of the same event goes before its trigger.
    inlet.send("Order Placed", "u_1", place(), "executed").await;
    inlet.send("Order Placed", "u_1", place(), "executed").await;
    let runs = inlet.server.all_runs(&inlet.key).await;
    let statuses: Vec<_> = runs.iter().map(|run| run["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["recorded", "canceled", "canceled"], "newest first");
}

#[tokio::test]
async fn a_cancellation_of_many_runs_is_finished_by_a_job() {
    let inlet = Actions::start().await;
    inlet.send("Signed Up", "u_1", json!({}), "executed").await;
    let server = &inlet.server;
    let trigger = json!({"key": "order", "cancellation_key": "data.order"});
    let mappings = json!([{"event_type": "Placed", "action_type": "workflows_trigger", "action_parameters": trigger}]);
    let many = server.source("many", "segment", json!({}), mappings).await;
    let items: Vec<Value> =
        (0..2100).map(|_| serde_json::from_str(&track("Placed", "u_1", "", json!({"order": "o1"}))).unwrap()).collect();
    many.send(json!(items).to_string()).await;
    let result = inlet.result("Order Canceled", json!({"order": "o1"}), "executed").await;
    assert_eq!(result["canceled_runs"].as_array().unwrap().len(), 1000);
    assert!(result["notes"][0].as_str().unwrap().contains("a job cancels the rest"), "{result}");
    server.until_metrics("inlet_job_runs_total{job=\"cancellations\",outcome=\"succeeded\"}").await;
    let runs = server.all_runs(&inlet.key).await;
    assert_eq!(runs.len(), 2100);
    assert!(runs.iter().all(|run| run["status"] == "canceled"));
}

trait Metrics {
    async fn until_metrics(&self, line: &str) -> String;
}

impl Metrics for Server {
    /// Waits until a line of the metrics is there.
    async fn until_metrics(&self, line: &str) -> String {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let metrics =
                self.client.get(format!("{}/metrics", self.admin)).send().await.unwrap().text().await.unwrap();
            if metrics.contains(line) {
                return metrics;
            }
            assert!(Instant::now() < until, "{line} is not among\n{metrics}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
