//! Plays Census, method by method, against the real plugin (platforms.md §7).

use inlet_system_tests::{BEARER, Endpoint, Server, ServerOptions, read_json};
use serde_json::{Value, json};

async fn census(server: &Server, settings: Value, mappings: Value) -> Endpoint {
    let mut all = json!({"signing_secret": BEARER});
    for (name, value) in settings.as_object().unwrap() {
        all[name] = value.clone();
    }
    server.source("census", "census", all, mappings).await
}

fn about(object: &str) -> Value {
    json!({"object": {"object_api_name": object, "label": "L"}})
}

fn batch(object: &str, operation: &str, records: Value) -> Value {
    let identifier = if object == "user" { "user_id" } else { "event_id" };
    json!({
        "sync_plan": {
            "object": {"object_api_name": object, "label": "L"}, "operation": operation, "sync_run_id": 602, "sync_id": 309,
            "schema": {identifier: {"active_identifier": true, "field": {}}, "email": {"active_identifier": false, "field": {}}},
        },
        "records": records,
    })
}

fn all_taken(results: &Value) -> bool {
    results["record_results"].as_array().unwrap().iter().all(|result| result["success"] == true)
}

#[tokio::test]
async fn the_whole_conversation() {
    let server = Server::start().await;
    let endpoint = census(&server, json!({"handle_identifies": true}), json!([])).await;
    assert_eq!(endpoint.call("test_connection", json!({})).await, json!({"success": true}));
    let objects = endpoint.call("list_objects", json!({})).await;
    let user = json!({"object_api_name": "user", "label": "Users (identify)", "can_create_fields": "on_write"});
    assert_eq!(objects["objects"][0], user);
    assert_eq!(objects["objects"][1]["object_api_name"], "event");
    for (object, identifier) in [("user", "user_id"), ("event", "event_id")] {
        let fields = endpoint.call("list_fields", about(object)).await["fields"].clone();
        let of_rows: Vec<_> = fields.as_array().unwrap().iter().filter(|field| field["identifier"] == true).collect();
        assert_eq!(of_rows.len(), 1);
        assert_eq!((&of_rows[0]["field_api_name"], &of_rows[0]["required"]), (&json!(identifier), &json!(true)));
        assert_eq!((&of_rows[0]["type"], &of_rows[0]["array"]), (&json!("string"), &json!(false)));
    }
    let operations = endpoint.call("supported_operations", about("user")).await;
    assert_eq!(operations, json!({"operations": ["upsert", "insert", "mirror"]}));
    assert_eq!(endpoint.call("supported_operations", about("event")).await, json!({"operations": ["insert"]}));
    for params in [json!({}), json!({"sync_plan": about("user")})] {
        let speed = endpoint.call("get_sync_speed", params).await;
        assert_eq!((&speed["maximum_batch_size"], &speed["maximum_parallel_batches"]), (&json!(4096), &json!(8)));
        assert_eq!(speed["maximum_records_per_second"], 32768);
    }
    assert!(server.logs("census").await.iter().all(|log| log["outcome"] == "ignored"), "asking does nothing");

    let upsert = batch(
        "user",
        "upsert",
        json!([{"user_id": "u_42", "email": "ana@example.com", "brand new": [1]}, {"user_id": 43, "email": null}]),
    );
    let expected =
        json!({"record_results": [{"identifier": "u_42", "success": true}, {"identifier": 43, "success": true}]});
    assert_eq!(endpoint.call("sync_batch", upsert.clone()).await, expected);
    assert_eq!(endpoint.call("sync_batch", upsert).await, expected, "the same batch again");
    let user = server.user_text("u_42").await.unwrap();
    assert!(user.contains(r#""brand new":[1]"#) && !user.contains("user_id"), "{user}");
    let delete = batch("user", "delete", json!([{"user_id": "u_42", "email": "x"}, {"user_id": 43}]));
    assert_eq!(endpoint.call("sync_batch", delete).await, expected);
    let log = server.logs("census").await[1].clone();
    assert_eq!((&log["event_type"], &log["user_id"], &log["data"]), (&json!("delete"), &json!("u_42"), &json!({})));
}

#[tokio::test]
async fn a_wrong_bearer_is_401_and_nothing_of_it_is_executed() {
    let server = Server::start().await;
    let endpoint = census(&server, json!({"handle_identifies": true}), json!([])).await;
    let params = batch("user", "upsert", json!([{"user_id": "u"}]));
    let body = json!({"jsonrpc": "2.0", "id": "1", "method": "sync_batch", "params": params}).to_string();
    for header in ["Bearer wrong", "k-1f0c", "Basic k-1f0c", "Bearer "] {
        let response = endpoint.post(body.clone()).header("authorization", header).send().await.unwrap();
        assert_eq!(response.status(), 401, "{header}");
    }
    assert_eq!(endpoint.post(body).send().await.unwrap().status(), 401);
    assert_eq!(server.user_text("u").await, None);
    assert!(server.logs("census").await.is_empty());
}

#[tokio::test]
async fn each_record_has_a_result_taken_from_the_commit() {
    let server = Server::start().await;
    let endpoint = census(&server, json!({"handle_identifies": true}), json!([])).await;
    let records = r#"[{"user_id":"good"},{"user_id":"u/43"},{"user_id":44,"email":null},{"user_id":true},{"email":"no id"},{"user_id":null},{"user_id":1.10},7,{"user_id":"\ud800"},{"user_id":"u","email":"\ud800"}]"#;
    let plan = batch("user", "upsert", json!([]))["sync_plan"].clone();
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"sync_batch","params":{{"sync_plan":{plan},"records":{records}}}}}"#
    );
    let response = endpoint.post(body).bearer_auth(BEARER).send().await.unwrap();
    assert_eq!(response.status(), 200);
    insta::assert_snapshot!(response.text().await.unwrap().replace("},{", "},\n{"), @r#"
    {"jsonrpc":"2.0","id":1,"result":{"record_results":[{"identifier":"good","success":true},
    {"identifier":"u/43","success":false,"error_message":"user_id holds a slash, which no id may hold"},
    {"identifier":44,"success":true},
    {"identifier":true,"success":false,"error_message":"the user id is a boolean; expected a string or a number"},
    {"identifier":null,"success":false,"error_message":"The user's row has no value for `user_id`."},
    {"identifier":null,"success":false,"error_message":"The user's row has no value for `user_id`."},
    {"identifier":1.10,"success":true},
    {"identifier":null,"success":false,"error_message":"Expected an event as a JSON object, found a number. Send one object, or an array of objects."},
    {"identifier":null,"success":false,"error_message":"it holds a lone surrogate (an escape from \\uD800 to \\uDFFF without its pair); send valid Unicode"},
    {"identifier":"u","success":false,"error_message":"it holds a lone surrogate (an escape from \\uD800 to \\uDFFF without its pair); send valid Unicode"}]}}
    "#);
    assert!(server.user_text("good").await.is_some());
    assert!(server.user_text("u").await.is_none());
}

#[tokio::test]
async fn every_digit_survives() {
    let server = Server::start().await;
    let endpoint = census(&server, json!({"handle_identifies": true}), json!([])).await;
    let plan = batch("user", "upsert", json!([]))["sync_plan"].clone();
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"sync_batch","params":{{"sync_plan":{plan},"records":[{{"user_id":9007199254740993,"n":9007199254740993,"price":1.10,"decimal":"1234.1234"}}]}}}}"#
    );
    let response = endpoint.post(body).bearer_auth(BEARER).send().await.unwrap();
    let expected =
        r#"{"jsonrpc":"2.0","id":1,"result":{"record_results":[{"identifier":9007199254740993,"success":true}]}}"#;
    assert_eq!(response.text().await.unwrap().trim_end(), expected);
    let user = server.user_text("9007199254740993").await.unwrap();
    for digits in [r#""n":9007199254740993"#, r#""price":1.10"#, r#""decimal":"1234.1234""#] {
        assert!(user.contains(digits), "{user}");
    }
}

#[tokio::test]
async fn users_are_refused_with_the_reason_while_identifying_is_off_unless_they_are_mapped() {
    let server = Server::start().await;
    let endpoint = census(&server, json!({}), json!([])).await;
    let connection = endpoint.call("test_connection", json!({})).await;
    assert_eq!(connection["success"], false);
    assert!(connection["error_message"].as_str().unwrap().contains("handle_identifies"), "{connection}");
    let upsert = batch("user", "upsert", json!([{"user_id": "u"}]));
    let result = endpoint.call("sync_batch", upsert.clone()).await["record_results"][0].clone();
    let reason = "identify events are not handled: handle_identifies is off";
    assert_eq!(result, json!({"identifier": "u", "success": false, "error_message": reason}));
    // Events are still accepted.
    let insert = batch("event", "insert", json!([{"event_id": "1", "event": "E"}]));
    assert!(all_taken(&endpoint.call("sync_batch", insert).await), "logged, and nothing was asked of it");
    let endpoint = census(&server, json!({"options": {"objects": ["event"]}}), json!([])).await;
    assert_eq!(endpoint.call("test_connection", json!({})).await, json!({"success": true}));

    let mappings = json!([{"event_type": "identify", "action_type": "users_identify", "action_parameters": {}}]);
    let endpoint = census(&server, json!({"options": {"objects": ["user", "event"]}}), mappings).await;
    assert_eq!(endpoint.call("test_connection", json!({})).await, json!({"success": true}));
    assert!(all_taken(&endpoint.call("sync_batch", upsert).await));
    assert!(server.user_text("u").await.is_some());
}

#[tokio::test]
async fn a_record_that_returns_to_an_earlier_state_ends_there() {
    let server = Server::start().await;
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true});
    let endpoint = census(&server, settings, json!([])).await;
    for email in ["a@example.com", "b@example.com", "a@example.com"] {
        let upsert = batch("user", "upsert", json!([{"user_id": "u", "email": email}]));
        assert!(all_taken(&endpoint.call("sync_batch", upsert).await));
        assert!(server.user_text("u").await.unwrap().contains(email));
    }
}

#[tokio::test]
async fn an_event_record_happens_once_and_one_whose_action_failed_is_tried_again() {
    let server = Server::start().await;
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true});
    let order = |recipients: &str| json!([{"event_type": "Order", "action_type": "workflows_trigger", "action_parameters": {"key": "order", "recipients": recipients}}]);
    let endpoint = census(&server, settings, order("data.nobody")).await;
    endpoint.call("sync_batch", batch("user", "upsert", json!([{"user_id": "u"}]))).await;
    let insert = batch("event", "insert", json!([{"event_id": 7, "event": "Order", "user_id": "u"}]));
    let result = endpoint.call("sync_batch", insert.clone()).await["record_results"][0].clone();
    assert_eq!((&result["identifier"], &result["success"]), (&json!(7), &json!(false)));
    assert!(result["error_message"].as_str().unwrap().contains("recipients"), "{result}");
    let endpoint = census(&server, json!({}), order("user_id")).await;
    for _ in 0..3 {
        assert!(all_taken(&endpoint.call("sync_batch", insert.clone()).await));
    }
    let key = server.api_key("development").await;
    assert_eq!(server.all_runs(&key).await.len(), 1);
    assert_eq!(server.last_log("census").await["outcome"], "replayed");
}

#[tokio::test]
async fn thousands_of_records_in_parallel_batches_have_each_their_result() {
    let server = Server::start().await;
    let endpoint = census(&server, json!({"handle_identifies": true, "enforce_idempotency": true}), json!([])).await;
    let batches: Vec<_> = (0..4)
        .map(|part| {
            let records = (0..3000).map(|n| json!({"user_id": part * 3000 + n, "email": format!("{n}@example.com")}));
            let params = batch("user", "upsert", records.collect());
            let endpoint = endpoint.clone();
            tokio::spawn(async move { (part, endpoint.call("sync_batch", params).await) })
        })
        .collect();
    for batch in batches {
        let (part, results) = batch.await.unwrap();
        let results = results["record_results"].as_array().unwrap().clone();
        assert_eq!(results.len(), 3000);
        assert!(results.iter().all(|result| result["success"] == true));
        assert_eq!(results[2999]["identifier"], json!(part * 3000 + 2999), "in their order");
    }
    assert!(server.user_text("11999").await.is_some());
}

#[tokio::test]
async fn what_is_no_proper_call_gets_the_error_that_json_rpc_has_for_it() {
    let server = Server::start().await;
    let endpoint = census(&server, json!({"handle_identifies": true}), json!([])).await;
    for id in ["\"5da3\"", "0", "null", r#"{"a":1}"#] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"nothing"}}"#);
        let response = endpoint.post(body).bearer_auth(BEARER).send().await.unwrap();
        let expected =
            format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":-32601,"message":"Method not found"}}}}"#) + "\n";
        assert_eq!(response.text().await.unwrap(), expected);
    }
    let code = async |body: &str| endpoint.call_text(body.to_owned()).await["error"]["code"].as_i64().unwrap();
    assert_eq!(code(r#"{"jsonrpc":"2.0","method":"test_connection"}"#).await, -32600, "without an id");
    for (method, params) in [
        ("list_fields", json!({"object": {"object_api_name": "audience"}})),
        ("list_fields", json!({})),
        ("supported_operations", json!("user")),
        ("sync_batch", json!([])),
        ("sync_batch", batch("audience", "upsert", json!([]))),
        ("sync_batch", batch("user", "truncate", json!([]))),
        ("sync_batch", batch("event", "delete", json!([]))),
        ("sync_batch", batch("user", "upsert", json!({"user_id": "u"}))),
        ("sync_batch", batch("user", "upsert", (0..20_001).map(|n| json!({"user_id": n})).collect())),
    ] {
        assert_eq!(endpoint.failed_call(method, params).await.0, -32602, "{method}");
    }
    assert!(server.logs("census").await.iter().all(|log| log["outcome"] != "failed"), "the plugin never faults");
    let nothing = endpoint.call("sync_batch", batch("user", "upsert", json!([]))).await;
    assert_eq!(nothing, json!({"record_results": []}));
}

#[tokio::test]
async fn an_http_request_is_answered_as_http_with_the_outcomes_or_422() {
    let server = Server::start().await;
    let endpoint = census(&server, json!({"handle_identifies": true}), json!([])).await;
    let send = async |body: &str| {
        let response = endpoint.post(body.to_owned()).bearer_auth(BEARER).send().await.unwrap();
        (response.status().as_u16(), read_json(response).await)
    };
    let (status, answer) = send(r#"{"type":"identify","userId":"u","traits":{"n":1}}"#).await;
    assert_eq!((status, &answer["events"][0]["outcome"]), (200, &json!("executed")));
    assert_eq!(send(r#"{"user_id":"u","email":"e"}"#).await.0, 422, "a row that does not say what it is");
    // A trailing comma of a Liquid loop, a value that is not escaped, a form, a call cut off, nothing.
    for body in [
        r#"[{"type":"identify","userId":"u"},]"#,
        r#"{"type":"identify","userId":"u","traits":{"name":"Ana "the" Great"}}"#,
        "user_id=u&email=e",
        r#"{"jsonrpc":"2.0","id":"1","method":"sync_batch","params":{"records":[{"#,
        "\"x\"",
        "",
        r#"{"id":1,"method":"card","params":{}}"#,
    ] {
        let (status, answer) = send(body).await;
        assert_eq!((status, &answer["code"]), (422, &json!("rejected")), "{body}: {answer}");
        let log = server.last_log("census").await;
        assert_eq!(log["outcome"], "rejected", "{body}");
        let json = serde_json::from_str::<Value>(body).ok();
        let kept = json.map_or_else(|| log["original_text"] == body, |json| log["original"] == json);
        assert!(kept, "{body}: {log}");
    }
}

#[tokio::test]
async fn a_batch_that_the_plugin_fails_at_is_500_and_nothing_of_it_is_executed() {
    let options = ServerOptions::default().env("INLET_MAX_SANDBOX_MEMORY", (4 << 20).to_string());
    let server = Server::start_with(options).await;
    let endpoint = census(&server, json!({"handle_identifies": true}), json!([])).await;
    let upsert =
        |pad: usize| batch("user", "upsert", json!([{"user_id": "u"}, {"user_id": "v", "pad": "p".repeat(pad)}]));
    let body = json!({"jsonrpc": "2.0", "id": "1", "method": "sync_batch", "params": upsert(6 << 20)}).to_string();
    let response = endpoint.post(body).bearer_auth(BEARER).send().await.unwrap();
    assert_eq!(response.status(), 500, "never a 200 that Census would read as synced");
    assert_eq!(read_json(response).await["code"], "plugin_failed");
    let log = server.last_log("census").await;
    assert_eq!((&log["outcome"], &log["code"]), (&json!("failed"), &json!("memory")));
    assert_eq!(server.user_text("u").await, None);
    assert!(all_taken(&endpoint.call("sync_batch", upsert(10)).await), "the next one is served");
}
