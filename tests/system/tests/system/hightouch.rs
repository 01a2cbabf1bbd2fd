//! Plays Hightouch, method by method, against the real plugin (platforms.md §6).

use inlet_system_tests::{BEARER, Endpoint, Server, read_json};
use serde_json::{Value, json};

async fn hightouch(server: &Server, settings: Value, mappings: Value) -> Endpoint {
    let mut all = json!({"signing_secret": BEARER});
    for (name, value) in settings.as_object().unwrap() {
        all[name] = value.clone();
    }
    server.source("hightouch", "hightouch", all, mappings).await
}

fn users() -> Value {
    json!({
        "object": "user", "mode": "mirror", "identifierMapping": {"from": "ID", "to": "user_id"},
        "mappings": [{"from": "EMAIL_ADDR", "to": "email"}, {"from": "LTV", "to": "ltv"}, {"from": "N", "to": "n"}],
    })
}

fn events() -> Value {
    json!({
        "object": "event", "mode": "insert", "event_name": "Order Completed",
        "identifierMapping": {"from": "ORDER", "to": "event_id"},
        "mappings": [{"from": "WHO", "to": "user_id"}, {"from": "TOTAL", "to": "total"}, {"from": "AT", "to": "timestamp"}],
    })
}

fn rows(configuration: &Value, rows: Value) -> Value {
    json!({"idColumn": configuration["identifierMapping"]["from"], "configuration": configuration, "rows": rows})
}

#[tokio::test]
async fn the_whole_conversation() {
    let server = Server::start().await;
    let endpoint = hightouch(&server, json!({"handle_identifies": true}), json!([])).await;
    let objects = endpoint.call("list_objects", json!({})).await;
    assert_eq!(objects["objects"][0], json!({"id": "user", "label": "Users (identify)"}));
    assert_eq!(objects["objects"][1], json!({"id": "event", "label": "Events (track)"}));
    let modes = endpoint.call("list_modes", json!({"object": "user"})).await;
    assert_eq!((&modes["modes"][0]["id"], &modes["modes"][1]["id"]), (&json!("upsert"), &json!("mirror")));
    let fields = endpoint.call("list_fields", json!({"object": "user", "mode": "mirror"})).await;
    let id = json!({"id": "user_id", "label": "User ID", "type": "STRING", "identifier": true});
    assert_eq!(fields["fields"][0], id);
    let options = endpoint.call("list_options", json!({"object": "user"})).await;
    assert_eq!(options, json!({"options": null}));
    let errors = endpoint.call("validate", json!({"configuration": users()})).await;
    assert_eq!(errors, json!({"errors": []}));
    let behavior = endpoint.call("behavior", json!({"configuration": users()})).await;
    assert_eq!(behavior["batchSize"], 4096, "from the host's limits");
    assert_eq!(behavior["operations"], json!({"add": true, "change": true, "remove": true}));
    assert!(server.logs("hightouch").await.iter().all(|log| log["outcome"] == "ignored"), "asking does nothing");

    let added = rows(
        &users(),
        json!([{"ID": "u_42", "EMAIL_ADDR": "ana@example.com"}, {"ID": 43, "EMAIL_ADDR": "bo@example.com"}]),
    );
    assert_eq!(endpoint.call("add", added.clone()).await, json!({"rejectedRows": []}));
    assert_eq!(endpoint.call("add", added).await, json!({"rejectedRows": []}), "the same batch again");
    assert!(server.user_text("43").await.unwrap().contains(r#""email":"bo@example.com""#));
    let changed = rows(&users(), json!([{"ID": "u_42", "EMAIL_ADDR": "ana@new.example.com"}]));
    assert_eq!(endpoint.call("change", changed).await, json!({"rejectedRows": []}));
    assert!(server.user_text("u_42").await.unwrap().contains("ana@new.example.com"));
    let log = server.last_log("hightouch").await;
    assert_eq!(log["original"], json!({"ID": "u_42", "EMAIL_ADDR": "ana@new.example.com"}), "the row as it came");
    assert_eq!(log["idempotency_key"], json!(null), "an upsert has none");
    let removed = rows(&users(), json!([{"ID": "u_42", "EMAIL_ADDR": "x"}]));
    assert_eq!(endpoint.call("remove", removed).await, json!({"rejectedRows": []}));
    let log = server.last_log("hightouch").await;
    assert_eq!((&log["event_type"], &log["user_id"], &log["data"]), (&json!("delete"), &json!("u_42"), &json!({})));
}

#[tokio::test]
async fn a_wrong_bearer_is_401_and_nothing_of_it_is_executed() {
    let server = Server::start().await;
    let endpoint = hightouch(&server, json!({"handle_identifies": true}), json!([])).await;
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "add", "params": rows(&users(), json!([{"ID": "u"}]))});
    for header in ["Bearer wrong", "k-1f0c", "Basic k-1f0c", "Bearer "] {
        let response = endpoint.post(body.to_string()).header("authorization", header).send().await.unwrap();
        assert_eq!(response.status(), 401, "{header}");
    }
    assert_eq!(endpoint.post(body.to_string()).send().await.unwrap().status(), 401);
    assert_eq!(server.user_text("u").await, None);
    assert!(server.logs("hightouch").await.is_empty());
}

#[tokio::test]
async fn every_digit_survives_under_its_mapped_name() {
    let server = Server::start().await;
    let endpoint = hightouch(&server, json!({"handle_identifies": true}), json!([])).await;
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"add","params":{{"idColumn":"ID","configuration":{},"rows":[{{"ID":9007199254740993,"N":9007199254740993,"LTV":1.10,"UNMAPPED":1}}]}}}}"#,
        users(),
    );
    assert_eq!(endpoint.call_text(body).await["result"], json!({"rejectedRows": []}));
    let user = server.user_text("9007199254740993").await.unwrap();
    assert!(user.contains(r#""n":9007199254740993"#) && user.contains(r#""ltv":1.10"#), "{user}");
    assert!(!user.contains("UNMAPPED"), "{user}");
}

#[tokio::test]
async fn users_are_refused_with_the_reason_while_identifying_is_off_unless_they_are_mapped() {
    let server = Server::start().await;
    let endpoint = hightouch(&server, json!({}), json!([])).await;
    let batch = rows(&users(), json!([{"ID": "u"}, {"ID": 7}]));
    let rejected = endpoint.call("add", batch.clone()).await["rejectedRows"].clone();
    let reason = "identify events are not handled: handle_identifies is off";
    assert_eq!(rejected, json!([{"index": 0, "id": "u", "message": reason}, {"index": 1, "id": 7, "message": reason}]));
    let errors = endpoint.call("validate", json!({"configuration": users()})).await["errors"].clone();
    assert!(errors[0]["message"].as_str().unwrap().contains("handle_identifies"), "{errors}");
    assert_eq!(endpoint.call("validate", json!({"configuration": events()})).await, json!({"errors": []}));

    // The operator's mapping gives identify events an effect, whatever the setting.
    let mappings = json!([{"event_type": "identify", "action_type": "users_identify", "action_parameters": {}}]);
    let endpoint = hightouch(&server, json!({}), mappings).await;
    assert_eq!(endpoint.call("validate", json!({"configuration": users()})).await, json!({"errors": []}));
    assert_eq!(endpoint.call("add", batch).await, json!({"rejectedRows": []}));
    assert!(server.user_text("7").await.is_some());
}

#[tokio::test]
async fn a_row_that_returns_to_an_earlier_state_ends_there() {
    let server = Server::start().await;
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true});
    let endpoint = hightouch(&server, settings, json!([])).await;
    for email in ["a@example.com", "b@example.com", "a@example.com"] {
        let changed = rows(&users(), json!([{"ID": "u", "EMAIL_ADDR": email}]));
        assert_eq!(endpoint.call("change", changed).await, json!({"rejectedRows": []}));
        assert!(server.user_text("u").await.unwrap().contains(email));
    }
}

#[tokio::test]
async fn an_event_row_happens_once_however_often_it_is_sent() {
    let server = Server::start().await;
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true});
    let mappings = json!([{"event_type": "Order Completed", "action_type": "workflows_trigger", "action_parameters": {"key": "order"}}]);
    let endpoint = hightouch(&server, settings, mappings).await;
    endpoint.call("add", rows(&users(), json!([{"ID": "u"}]))).await;
    let batch = r#"[{"ORDER":"o-1","WHO":"u","TOTAL":39.50,"AT":"2026-01-02T03:04:05Z"},{"ORDER":9007199254740993,"WHO":"u","TOTAL":1.10}]"#;
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"add","params":{{"idColumn":"ORDER","configuration":{},"rows":{batch}}}}}"#,
        events(),
    );
    for _ in 0..3 {
        assert_eq!(endpoint.call_text(body.clone()).await["result"], json!({"rejectedRows": []}));
    }
    let key = server.api_key("development").await;
    let runs = server.all_runs(&key).await;
    assert_eq!(runs.len(), 2, "{runs:?}");
    let logs = server.logs("hightouch").await;
    let of_last: Vec<_> = logs.iter().take(2).map(|log| (&log["outcome"], &log["idempotency_key"])).collect();
    assert_eq!(of_last[0], (&json!("replayed"), &json!("9007199254740993")), "a number's own digits are its key");
    assert_eq!(of_last[1], (&json!("replayed"), &json!("o-1")));
    let first = logs.iter().find(|log| log["outcome"] == "executed" && log["idempotency_key"] == "o-1").unwrap();
    assert_eq!(first["occurred_at"], "2026-01-02T03:04:05.000Z");
    assert_eq!(first["event_type"], "track/Order Completed");
    assert_eq!(first["data"], json!({"total": 39.5}));
}

#[tokio::test]
async fn each_row_that_is_not_taken_is_named_with_its_reason_and_its_neighbours_go_on() {
    let server = Server::start().await;
    let endpoint = hightouch(&server, json!({"handle_identifies": true}), json!([])).await;
    let batch = r#"[{"ID":"good"},{"ID":"a/b"},{"ID":true},{"ID":{"a":1}},{"EMAIL_ADDR":"no id"},{"ID":null},{"ID":""},7,{"ID":"\ud800"},{"ID":"u","EMAIL_ADDR":{"any":["thing"]}}]"#;
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"add","params":{{"idColumn":"ID","configuration":{},"rows":{batch}}}}}"#,
        users(),
    );
    let rejected = endpoint.call_text(body).await["result"]["rejectedRows"].clone();
    let lines: Vec<String> = rejected
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{} {} {}", row["index"], row["id"], row["message"].as_str().unwrap()))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    1 "a/b" user_id holds a slash, which no id may hold
    2 true the user id is a boolean; expected a string or a number
    3 {"a":1} the user id is an object; expected a string or a number
    4 null The user's row has no value for `user_id`.
    5 null The user's row has no value for `user_id`.
    6 "" The user's row has no value for `user_id`.
    7 null Expected an event as a JSON object, found a number. Send one object, or an array of objects.
    8 null it holds a lone surrogate (an escape from \uD800 to \uDFFF without its pair); send valid Unicode
    "#);
    assert!(server.user_text("good").await.is_some() && server.user_text("u").await.is_some());
}

#[tokio::test]
async fn thousands_of_rows_in_parallel_batches_are_all_taken() {
    let server = Server::start().await;
    let endpoint = hightouch(&server, json!({"handle_identifies": true}), json!([])).await;
    let batches: Vec<_> = (0..4)
        .map(|batch| {
            let ids = (0..4000).map(
                |n| json!({"ID": format!("u_{}", (batch * 2000 + n) % 8000), "EMAIL_ADDR": format!("{n}@example.com")}),
            );
            let params = rows(&users(), ids.collect());
            let endpoint = endpoint.clone();
            tokio::spawn(async move { endpoint.call("add", params).await })
        })
        .collect();
    for batch in batches {
        assert_eq!(batch.await.unwrap(), json!({"rejectedRows": []}));
    }
    let status = server.get("/v1/sources/hightouch/status?environment=development").await;
    assert_eq!(status["events_count"], 16_000);
    assert!(server.user_text("u_7999").await.is_some());
}

#[tokio::test]
async fn more_rows_or_columns_than_the_host_takes_are_an_error_and_not_a_fault() {
    let server = Server::start().await;
    let endpoint = hightouch(&server, json!({"handle_identifies": true}), json!([])).await;
    let ids = (0..20_001).map(|n| json!({"ID": n}));
    let (code, sentence) = endpoint.failed_call("add", rows(&users(), ids.collect())).await;
    assert_eq!(
        (code, sentence.as_str()),
        (
            -32602,
            "The request holds more than 20000 items. Send smaller batches, or raise the source's setting max_items."
        )
    );
    let mut wide = users();
    wide["mappings"] = (0..500).map(|n| json!({"from": "A", "to": format!("property_{n}")})).collect();
    let ids = (0..5000).map(|n| json!({"ID": n, "A": 1}));
    let (code, sentence) = endpoint.failed_call("add", rows(&wide, ids.collect())).await;
    assert_eq!((code, sentence.as_str()), (-32602, "The rows have too many columns; send smaller batches."));
    assert_eq!(server.user_text("0").await, None, "nothing of them was carried out");
    let ids = (0..100).map(|n| json!({"ID": n, "A": 1}));
    assert_eq!(endpoint.call("add", rows(&wide, ids.collect())).await, json!({"rejectedRows": []}));
}

#[tokio::test]
async fn what_is_no_proper_call_gets_the_error_that_json_rpc_has_for_it() {
    let server = Server::start().await;
    let endpoint = hightouch(&server, json!({"handle_identifies": true}), json!([])).await;
    for id in ["1", "1.0", "\"x\"", "null", "true", "[1,2]", "9007199254740993", r#"{"a":[]}"#] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"nothing","params":{{}}}}"#);
        let response = endpoint.post(body).bearer_auth(BEARER).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let expected =
            format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32601,"message":"Method not found"}}}}"#) + "\n";
        assert_eq!(response.text().await.unwrap(), expected, "the id is given back as it came");
    }
    let code = async |body: &str| endpoint.call_text(body.to_owned()).await["error"]["code"].as_i64().unwrap();
    for body in ["{not json", "", "7"] {
        let response = endpoint.post(body).bearer_auth(BEARER).send().await.unwrap();
        assert_eq!(response.status(), 422, "{body}: no call is answered by its status");
    }
    assert_eq!(code(r#"{"jsonrpc":"2.0","method":"add","params":{}}"#).await, -32600, "without an id");
    assert_eq!(code(r#"{"jsonrpc":"1.0","id":1,"method":"add"}"#).await, -32600);
    assert_eq!(code(r#"{"jsonrpc":"2.0","id":1}"#).await, -32600);
    assert_eq!(code(r#"[{"jsonrpc":"2.0","id":1,"method":"add"}]"#).await, -32600);
    for (method, params) in [
        ("list_fields", json!({"object": "audience"})),
        ("list_modes", json!([1])),
        ("behavior", json!({})),
        ("add", json!(null)),
        ("add", json!({"configuration": users(), "rows": 7})),
        ("add", json!({"configuration": {"object": "audience"}, "rows": []})),
        ("remove", rows(&events(), json!([{"ORDER": 1}]))),
    ] {
        assert_eq!(endpoint.failed_call(method, params.clone()).await.0, -32602, "{method} {params}");
    }
    let errors = endpoint.call("validate", json!({"configuration": {"object": "audience"}})).await;
    assert_eq!(errors["errors"].as_array().unwrap().len(), 1);
    assert!(server.logs("hightouch").await.iter().all(|log| log["outcome"] != "failed"), "the plugin never faults");
    assert_eq!(endpoint.call("add", rows(&users(), json!([]))).await, json!({"rejectedRows": []}), "no rows at all");
}

#[tokio::test]
async fn an_http_request_is_answered_as_http_with_the_outcomes_or_422() {
    let server = Server::start().await;
    let endpoint = hightouch(&server, json!({"handle_identifies": true}), json!([])).await;
    let send = async |body: &str| {
        let response = endpoint.post(body.to_owned()).bearer_auth(BEARER).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    };
    let (status, answer) = send(r#"{"type":"identify","userId":"u_42","traits":{"email":"ana@example.com"}}"#).await;
    assert_eq!((status, &answer["events"][0]["outcome"]), (200, &json!("executed")));
    let (status, answer) =
        send(r#"[{"type":"track","event":"E","userId":"u_42"},{"type":"identify","userId":"u_43"},{"ID":1}]"#).await;
    let outcomes: Vec<_> = answer["events"].as_array().unwrap().iter().map(|event| &event["outcome"]).collect();
    assert_eq!((status, outcomes), (200, vec![&json!("logged"), &json!("executed"), &json!("rejected")]));
    let (status, answer) = send(r#"{"ID":"u_44"}"#).await;
    assert_eq!(status, 422);
    assert!(answer["message"].as_str().unwrap().contains("row_type"), "{answer}");
    assert_eq!(send("[]").await.0, 200);

    // The deprecated Webhook destination sends an array of bare rows.
    let options = json!({"options": {"row_type": "identify", "row_user_id": "ID"}});
    server.source("hightouch", "hightouch", options, json!([])).await;
    let (status, answer) = send(r#"[{"ID":"u_44","EMAIL":"d@example.com","N":9007199254740993},{"ID":45}]"#).await;
    assert_eq!((status, answer["events"].as_array().unwrap().len()), (200, 2));
    let user = server.user_text("u_44").await.unwrap();
    assert!(user.contains(r#""N":9007199254740993"#), "{user}");
    assert!(server.user_text("45").await.is_some());
}
