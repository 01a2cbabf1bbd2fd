//! `POST /v1/sources/{key}/rehearse/last`: the newest stored events with a proposed configuration.

use inlet_system_tests::{Server, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

use super::{everything, settled, trigger};

async fn try_last(server: &Server, environment: &str, body: Value) -> (u16, Value) {
    let path = format!("/v1/sources/s/rehearse/last?environment={environment}");
    let response = server.manage(Method::POST, &path).json(&body).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

async fn last(server: &Server, body: Value) -> Value {
    let (status, answer) = try_last(server, "development", body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

fn receipt(data: &str) -> Value {
    trigger("Paid", json!({"key": "receipt", "recipients": {"id": "user_id"}, "data": data}))
}

#[tokio::test]
async fn the_last_events_of_a_type_are_summed_up_with_the_present_and_the_proposed_mappings() {
    let server = Server::start().await;
    let enforced = json!({"enforce_idempotency": true});
    let endpoint = server.source("s", "segment", enforced, json!([receipt("data")])).await;
    let small = |id: &str| track("Paid", "u", id, json!({"order": {"id": id}}));
    endpoint.expect(small("m1"), &["executed"]).await;
    endpoint.expect(track("Paid", "u", "m2", json!({"total": 5})), &["executed"]).await;
    // It is left out of lists, and read by itself.
    let long = track("Paid", "u", "m3", json!({"order": {"note": "n".repeat(40_000)}}));
    endpoint.expect(long, &["executed"]).await;
    let batch = format!("[{},{}]", small("m4"), track("Other", "u", "m5", json!({})));
    endpoint.expect(batch, &["executed", "logged"]).await;
    let (before, logged) = (settled(&server).await, server.logs("s").await);

    let proposed = json!([receipt("data.order")]);
    let found = last(&server, json!({"event_type": "track/Paid", "last": 100, "mappings": proposed})).await;
    let count = |name: &str| found[name].as_u64().unwrap();
    assert_eq!((count("rehearsed"), count("same"), count("different"), count("not_kept")), (4, 0, 4, 0), "{found}");
    let triggered = json!([{"action_type": "workflows_trigger", "status": "success", "count": 4}]);
    for side in ["present", "proposed"] {
        assert_eq!(found[side]["outcomes"], json!({"executed": 4}), "earlier executions do not count: {found}");
        assert_eq!(found[side]["actions"], triggered);
        assert_eq!((&found[side]["errors"], &found[side]["errors_left_out"]), (&json!([]), &json!(0)));
    }
    assert_eq!(found["present"]["warnings"], json!([]));
    let warning = &found["proposed"]["warnings"][0];
    assert_eq!((&warning["count"], found["proposed"]["warnings"].as_array().unwrap().len()), (&json!(1), 1), "{found}");
    assert!(warning["message"].as_str().unwrap().contains("the path `data.order` finds nothing"), "{warning}");
    let second = &found["differences"][2];
    let id = logged.iter().find(|entry| entry["idempotency_key"] == "m2").unwrap()["id"].clone();
    assert_eq!((&second["id"], &second["event_type"]), (&id, &json!("track/Paid")), "{found}");
    assert_eq!((&second["present"], &second["proposed"]), (&json!(["executed"]), &json!(["executed"])));
    assert_eq!(second["members"], json!(["actions", "results"]));

    let two = last(&server, json!({"event_type": "Paid", "last": 2, "mappings": [receipt("data")]})).await;
    assert_eq!((&two["rehearsed"], &two["same"], &two["differences"]), (&json!(2), &json!(2), &json!([])), "{two}");
    let all = last(&server, json!({"mappings": [trigger("Other", json!({"key": "other"}))]})).await;
    assert_eq!(all["rehearsed"], 5);
    assert_eq!(all["present"]["outcomes"], json!({"executed": 4, "logged": 1}));
    assert_eq!(all["proposed"]["outcomes"], json!({"executed": 1, "logged": 4}), "{all}");
    let failing =
        json!({"event_type": "Paid", "mappings": [trigger("Paid", json!({"key": "k", "recipients": "data.to"}))]});
    let failing = last(&server, failing).await;
    assert_eq!(failing["proposed"]["outcomes"], json!({"failed": 4}), "{failing}");
    assert_eq!(failing["proposed"]["errors"][0]["code"], "action_failed");
    assert_eq!(failing["proposed"]["errors"][0]["count"], 4, "{failing}");

    assert_eq!(everything(&server).await, before, "nothing is written or counted");
    assert_eq!(server.logs("s").await, logged);
    let (status, elsewhere) = try_last(&server, "production", json!({"mappings": []})).await;
    assert_eq!(
        (status, &elsewhere["rehearsed"]),
        (200, &json!(0)),
        "the events of another environment are not its own"
    );
}

#[tokio::test]
async fn proposed_settings_are_tried_on_the_last_events() {
    let server = Server::start().await;
    let endpoint = server.source("s", "http", json!({"on_reject": "accept"}), json!([])).await;
    for kind in ["a", "b"] {
        endpoint.expect(json!({"kind": kind, "user_id": "u"}).to_string(), &["rejected"]).await;
    }
    let settings = json!({"event_type_path": "body.kind"});
    let found = last(&server, json!({"settings": settings, "mappings": [trigger("a", json!({"key": "k"}))]})).await;
    assert_eq!((&found["rehearsed"], &found["different"]), (&json!(2), &json!(2)), "{found}");
    let (present, proposed) = (&found["present"], &found["proposed"]);
    assert_eq!((&present["outcomes"], &present["errors"][0]["count"]), (&json!({"rejected": 2}), &json!(2)), "{found}");
    assert_eq!(proposed["outcomes"], json!({"logged": 1, "skipped": 1}), "{found}");
    let members = found["differences"][0]["members"].as_array().unwrap();
    assert!(members.contains(&json!("event_type")), "{found}");
}

#[tokio::test]
async fn a_rehearsal_of_the_last_events_is_refused_where_it_is_not_understood() {
    let server = Server::start().await;
    server.source("s", "segment", json!({}), json!([])).await;
    for (body, field) in [
        (json!({"mappings": [], "last": 0}), json!("last")),
        (json!({"mappings": [], "last": 1001}), json!("last")),
        (json!({"mappings": [], "list": 21}), json!("list")),
        (json!({"mappings": [], "lasst": 1}), json!("lasst")),
        (json!({"mappings": [], "environment": "development"}), json!("environment")),
        (json!({"settings": {"keep_header": []}}), json!("settings.keep_header")),
        (json!({"mappings": [trigger("Paid", json!({}))]}), json!("mappings[0].action_parameters.key")),
        (json!({"event_type": "Paid"}), json!(null)),
    ] {
        let (status, answer) = try_last(&server, "development", body).await;
        assert_eq!((status, &answer["field"]), (422, &field), "{answer}");
    }
}

#[tokio::test]
async fn hidden_personal_data_is_not_in_a_summary() {
    let server = Server::start().await;
    let endpoint = server.source("s", "segment", json!({}), json!([])).await;
    let secret = "very-personal";
    // An error about a recipient names it.
    let to = json!({"id": secret, "note": "n".repeat(256 << 10)});
    endpoint.expect(track("Paid", secret, "m", json!({"to": to})), &["logged"]).await;
    let mapping = trigger("Paid", json!({"key": "k", "recipients": "data.to"}));
    let shown = last(&server, json!({"mappings": [mapping]})).await;
    assert!(shown.to_string().contains(secret), "it would be seen: {shown}");

    let hide = json!({"hide_personal_data": true});
    let changed = server.manage(Method::PATCH, "/v1/environments/development").json(&hide).send().await.unwrap();
    assert_eq!(changed.status(), 200);
    let hidden = last(&server, json!({"mappings": [mapping]})).await;
    assert_eq!(
        (&hidden["rehearsed"], &hidden["proposed"]["outcomes"]),
        (&shown["rehearsed"], &shown["proposed"]["outcomes"])
    );
    assert!(!hidden.to_string().contains(secret), "{hidden}");
}

#[tokio::test]
async fn the_effect_of_each_mapping_is_said_with_the_newest_events() {
    let server = Server::start().await;
    let settings = json!({"enforce_idempotency": true, "handle_identifies": true});
    let endpoint = server.source("s", "segment", settings, json!([receipt("data")])).await;
    for user in ["u_1", "u_2"] {
        let identify = json!({"type": "identify", "userId": user, "messageId": user, "traits": {}});
        endpoint.expect(identify.to_string(), &["executed"]).await;
    }
    for (user, id, to) in [("u_1", "m1", "u_1"), ("u_2", "m2", "u_2"), ("u_1", "m3", "u_1"), ("u_1", "m4", "nobody")] {
        endpoint.expect(track("Paid", user, id, json!({"to": to})), &["executed"]).await;
    }
    endpoint.expect(track("Paid", "u_1", "m3", json!({"to": "u_1"})), &["replayed"]).await;
    let present = server.get("/v1/sources/s?environment=development").await;
    let present = &present["environment_settings"]["development"]["mappings"][0];
    let new = json!({"event_type": "Paid", "action_type": "workflows_trigger",
        "action_parameters": {"key": "thanks", "recipients": "data.to"}});
    let body = json!({"event_type": "Paid", "list": 3, "mappings": [present, new]});
    let found = last(&server, body.clone()).await;
    let effects = found["by_mapping"].as_array().unwrap();
    let of = |is_new: bool| effects.iter().find(|effect| effect["is_new"] == is_new).unwrap();
    let counts = |effect: &Value| {
        ["items", "successful", "skipped", "failed", "runs", "recipients"].map(|name| effect[name].as_u64().unwrap())
    };
    assert_eq!(counts(of(true)), [4, 3, 1, 0, 3, 2], "a duplicate does not count: {found}");
    assert_eq!(counts(of(false)), [4, 4, 0, 0, 4, 2], "{found}");
    assert_eq!(
        (&of(false)["mapping"], &found["rehearsed"], &found["has_more"]),
        (&present["id"], &json!(5), &json!(false))
    );
    let oldest = server.all_logs("s").await.into_iter().rfind(|log| log["event_type"] == "track/Paid");
    assert_eq!(found["oldest_received_at"], oldest.unwrap()["received_at"]);

    let events = found["events"].as_array().unwrap();
    assert_eq!(events.len(), 3);
    let newest = &server.logs("s").await[0];
    assert_eq!((&events[0]["id"], &events[0]["received_at"]), (&newest["id"], &newest["received_at"]));
    let action =
        events[0]["items"][0]["actions"].as_array().unwrap().iter().find(|a| a["parameters"]["key"] == "thanks");
    assert_eq!(action.unwrap()["payload"]["recipients"], "u_1", "{found}");
    let few = last(&server, json!({"event_type": "Paid", "last": 2, "mappings": []})).await;
    assert_eq!((&few["has_more"], &few["events"], &few["by_mapping"]), (&json!(true), &json!([]), &json!([])), "{few}");
    let later = last(&server, json!({"starting_at": "2199-01-01T00:00:00Z", "mappings": []})).await;
    assert_eq!((&later["rehearsed"], &later["oldest_received_at"]), (&json!(0), &Value::Null));
    let (status, error) = try_last(&server, "development", json!({"starting_at": "soon", "mappings": []})).await;
    assert_eq!((status, &error["field"]), (422, &json!("starting_at")));

    // What was received is hidden in the events too.
    let hidden =
        server.manage(Method::PATCH, "/v1/environments/development").json(&json!({"hide_personal_data": true}));
    assert!(hidden.send().await.unwrap().status().is_success());
    let hidden = last(&server, body).await;
    assert!(!hidden["events"].to_string().contains("u_1"), "{}", hidden["events"]);
    assert_eq!(counts(&hidden["by_mapping"][0]).len(), 6);
}
