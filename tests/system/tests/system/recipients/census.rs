//! Plays Census against the recipients API: its custom destination for users and audiences (platforms.md §7).

use reqwest::Method;
use serde_json::{Value, json};

use super::{Api, answer};

const PATH: &str = "/v1/integrations/census/custom-destination";

fn call_of(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": "9f10", "method": method, "params": params}).to_string()
}

async fn answer_to(api: &Api, method: &str, params: Value) -> Value {
    let (status, answer) = api.send(Method::POST, PATH, call_of(method, &params)).await;
    assert_eq!(status, 200, "{method}: {answer}");
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!("9f10")), "{method}: {answer}");
    answer
}

/// Calls a method and returns its result.
async fn call(api: &Api, method: &str, params: Value) -> Value {
    let answer = answer_to(api, method, params).await;
    assert!(answer.get("error").is_none(), "{method}: {answer}");
    answer["result"].clone()
}

/// Calls a method and returns the code and the message of its error.
async fn failed_call(api: &Api, method: &str, params: Value) -> (i64, String) {
    let answer = answer_to(api, method, params).await;
    assert!(answer.get("result").is_none(), "{method}: {answer}");
    (answer["error"]["code"].as_i64().unwrap(), answer["error"]["message"].as_str().unwrap().to_owned())
}

fn about(object: &str) -> Value {
    json!({"object": {"object_api_name": object, "label": "L"}})
}

fn batch(object: &str, operation: &str, records: Value) -> Value {
    json!({
        "sync_plan": {
            "object": {"object_api_name": object, "label": "L"}, "operation": operation, "sync_run_id": 602, "sync_id": 309,
            "schema": {"user_id": {"active_identifier": true, "field": {}}, "email": {"active_identifier": false, "field": {}}},
        },
        "records": records,
    })
}

/// Returns the ids of an audience's members with their tenants, sorted.
async fn members(api: &Api, audience: &str) -> Vec<(Value, Value)> {
    let (status, page) = api.get(&format!("/v1/audiences/{audience}/members")).await;
    assert_eq!(status, 200, "{page}");
    let entries = page["entries"].as_array().unwrap();
    let mut members: Vec<_> =
        entries.iter().map(|member| (member["user_id"].clone(), member["tenant"].clone())).collect();
    members.sort_by_key(|(user, tenant)| format!("{user}{tenant}"));
    members
}

#[tokio::test]
async fn the_whole_conversation_about_users() {
    let api = Api::start().await;
    assert_eq!(call(&api, "test_connection", json!({})).await, json!({"success": true}));
    let objects = json!({"objects": [
        {"object_api_name": "user", "label": "Users", "can_create_fields": "on_write"},
        {"object_api_name": "audience", "label": "Audiences"},
    ]});
    assert_eq!(call(&api, "list_objects", json!({})).await, objects);
    let fields = call(&api, "list_fields", about("user")).await["fields"].clone();
    let user_id = json!({"field_api_name": "user_id", "label": "User ID", "identifier": true, "required": true,
        "createable": true, "updateable": true, "type": "string", "array": false});
    assert_eq!(fields[0], user_id);
    let names: Vec<_> =
        fields.as_array().unwrap().iter().map(|field| field["field_api_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["user_id", "email", "name", "phone_number", "avatar", "locale", "timezone", "created_at"]);
    assert_eq!((&fields[7]["type"], &fields[7]["identifier"]), (&json!("date_time"), &json!(false)));
    let operations = call(&api, "supported_operations", about("user")).await;
    assert_eq!(operations, json!({"operations": ["upsert", "insert", "mirror"]}));
    let speed = json!({"maximum_batch_size": 1000, "maximum_parallel_batches": 8, "maximum_records_per_second": 8000});
    for params in [json!({}), json!({"sync_plan": about("user")})] {
        assert_eq!(call(&api, "get_sync_speed", params).await, speed);
    }
    assert!(api.server.logs("$api").await.is_empty(), "queries change nothing");

    let records =
        json!([{"user_id": "u_42", "email": "ana@example.com", "plan": {"seats": 5}}, {"user_id": 43, "email": null}]);
    let taken =
        json!({"record_results": [{"identifier": "u_42", "success": true}, {"identifier": 43, "success": true}]});
    for operation in ["upsert", "insert", "update", "upsert"] {
        assert_eq!(call(&api, "sync_batch", batch("user", operation, records.clone())).await, taken, "{operation}");
    }
    let (_, user) = api.get("/v1/users/u_42").await;
    assert_eq!((&user["email"], &user["plan"]), (&json!("ana@example.com"), &json!({"seats": 5})), "{user}");
    assert!(user.get("user_id").is_none(), "the identifier is no property: {user}");
    let logs = api.server.all_logs("$api").await;
    assert_eq!(logs.len(), 8, "one operation for each record");
    let log = &logs[1];
    assert_eq!(
        (&log["event_type"], &log["user_id"], &log["outcome"]),
        (&json!("users.identify"), &json!("u_42"), &json!("executed"))
    );
    assert_eq!(log["data"], json!({"email": "ana@example.com", "plan": {"seats": 5}}), "the record alone");

    let removed = batch("user", "delete", json!([{"user_id": "u_42", "email": "x"}, {"user_id": 43}]));
    for _ in 0..2 {
        assert_eq!(call(&api, "sync_batch", removed.clone()).await, taken, "what is gone is no error");
        assert_eq!(api.get("/v1/users/u_42").await.0, 404);
    }
    let outcomes: Vec<_> = api.server.all_logs("$api").await.iter().take(4).map(|log| log["outcome"].clone()).collect();
    assert_eq!(outcomes, ["skipped", "skipped", "executed", "executed"]);
}

#[tokio::test]
async fn the_whole_conversation_about_audiences() {
    let api = Api::start().await;
    let fields = call(&api, "list_fields", about("audience")).await["fields"].clone();
    let fields: Vec<_> = fields
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["field_api_name"].as_str().unwrap(), field["required"].as_bool().unwrap()))
        .collect();
    assert_eq!(fields, [("user_id", true), ("audience_key", true), ("tenant", false)]);
    let operations = call(&api, "supported_operations", about("audience")).await;
    assert_eq!(operations, json!({"operations": ["insert", "mirror"]}));

    let records = json!([
        {"user_id": "ana", "audience_key": "trial"},
        {"user_id": "ana", "audience_key": "trial", "tenant": "acme"},
        {"user_id": 43, "audience_key": "paid", "tenant": null},
    ]);
    let taken = json!({"record_results": [{"identifier": "ana", "success": true},
        {"identifier": "ana", "success": true}, {"identifier": 43, "success": true}]});
    for operation in ["insert", "upsert"] {
        assert_eq!(call(&api, "sync_batch", batch("audience", operation, records.clone())).await, taken, "{operation}");
        assert_eq!(members(&api, "trial").await, [(json!("ana"), json!("acme")), (json!("ana"), json!(null))]);
        assert_eq!(members(&api, "paid").await, [(json!("43"), json!(null))]);
    }
    let log = api.server.all_logs("$api").await[1].clone();
    assert_eq!((&log["event_type"], &log["user_id"]), (&json!("audiences.add_members"), &json!("ana")));
    assert_eq!(log["data"], json!({"members": [{"user": {"id": "ana"}, "tenant": "acme"}]}));

    let removed = batch("audience", "delete", json!([records[1], {"user_id": "nobody", "audience_key": "trial"}]));
    let gone =
        json!({"record_results": [{"identifier": "ana", "success": true}, {"identifier": "nobody", "success": true}]});
    for _ in 0..2 {
        assert_eq!(call(&api, "sync_batch", removed.clone()).await, gone);
        assert_eq!(members(&api, "trial").await, [(json!("ana"), json!(null))], "exactly the membership that is named");
    }
    assert_eq!(api.get("/v1/users/ana").await.0, 200, "who leaves an audience stays a user");
}

#[tokio::test]
async fn each_record_has_a_result_of_its_own() {
    let api = Api::start().await;
    let records = r#"[{"user_id":"good"},{"user_id":"u/43"},{"user_id":44,"email":["e"]},{"user_id":true},{"email":"no id"},{"user_id":null},{"user_id":1.10,"n":9007199254740993},7]"#;
    let plan = batch("user", "upsert", json!([]))["sync_plan"].clone();
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":"1","method":"sync_batch","params":{{"sync_plan":{plan},"records":{records}}}}}"#
    );
    let request = api.server.request_with(&api.key, Method::POST, PATH).header("content-type", "application/json");
    let response = request.body(body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    insta::assert_snapshot!(response.text().await.unwrap().replace("},{", "},\n{"), @r#"
    {"jsonrpc":"2.0","id":"1","result":{"record_results":[{"identifier":"good","success":true},
    {"identifier":"u/43","success":false,"error_message":"user_id holds a slash, which no id may hold"},
    {"identifier":44,"success":false,"error_message":"email: it is an array; expected a string or null"},
    {"identifier":null,"success":false,"error_message":"user_id is a boolean; expected a string or a number"},
    {"identifier":null,"success":false,"error_message":"user_id is missing; map a column with the user's id to it"},
    {"identifier":null,"success":false,"error_message":"user_id is missing; map a column with the user's id to it"},
    {"identifier":1.10,"success":true},
    {"identifier":null,"success":false,"error_message":"the record is a number; expected an object with the fields as members"}]}}
    "#);
    assert_eq!(api.get("/v1/users/44").await.0, 404, "a wrong record changes nothing");
    let (_, user) = api.get("/v1/users/1.10").await;
    assert_eq!(user["n"].to_string(), "9007199254740993");
    let logs = api.server.all_logs("$api").await;
    let outcomes: Vec<_> = logs.iter().rev().map(|log| log["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["executed", "failed", "failed", "failed", "failed", "failed", "executed", "failed"]);
    assert_eq!(logs[6]["reason"], "user_id holds a slash, which no id may hold");
    assert_eq!(logs[6]["data"], json!({"user_id": "u/43"}));

    let long = "k".repeat(257);
    let records = json!([
        {"user_id": "a", "audience_key": "trial"},
        {"user_id": "b"},
        {"user_id": "c", "audience_key": long},
        {"user_id": "d", "audience_key": "trial", "tenant": "t/1"},
        {"user_id": "e", "audience_key": "trial", "tenant": []},
        {"user_id": "f#", "audience_key": "trial"},
        {"audience_key": "trial"},
    ]);
    for operation in ["insert", "delete"] {
        let results = call(&api, "sync_batch", batch("audience", operation, records.clone())).await;
        let messages: Vec<_> = results["record_results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result["error_message"].as_str().unwrap_or("taken"))
            .collect();
        assert_eq!(
            messages,
            [
                "taken",
                "audience_key is missing; give every record the key of an audience",
                "audience_key: it is no key of an audience; expected 1 to 256 characters",
                "tenant holds a slash, which no id may hold",
                "tenant is an array; expected a string or a number",
                "user_id holds a number sign, which no id may hold",
                "user_id is missing; map a column with the user's id to it",
            ],
            "{operation}"
        );
    }
}

#[tokio::test]
async fn what_is_no_proper_call_is_refused_as_a_whole() {
    let api = Api::start().await;
    let many: Value = (0..1001).map(|n| json!({"user_id": n})).collect();
    for (method, params, code, part) in [
        ("list_fields", json!({}), -32602, "object names no object"),
        ("list_fields", json!({"object": {"object_api_name": "event"}}), -32602, "object names no object"),
        ("list_fields", json!({"object": "user"}), -32602, "object names no object"),
        ("supported_operations", json!({"object": {"object_api_name": 7}}), -32602, "object names no object"),
        ("sync_batch", json!([]), -32602, "params is an array"),
        ("sync_batch", json!({"records": []}), -32602, "object names no object"),
        ("sync_batch", batch("event", "upsert", json!([])), -32602, "object names no object"),
        ("sync_batch", batch("user", "truncate", json!([])), -32602, "sync_plan.operation"),
        ("sync_batch", batch("user", "upsert", json!({"user_id": "u"})), -32602, "records is absent or no array"),
        ("sync_batch", batch("user", "upsert", many.clone()), -32602, "at most 1000"),
        ("nothing", json!({}), -32601, "Method not found"),
    ] {
        let (found, message) = failed_call(&api, method, params.clone()).await;
        assert_eq!(found, code, "{method} {message}");
        assert!(message.contains(part), "{method}: {message}");
    }
    let version = r#"{"jsonrpc":"1.0","id":"1","method":"test_connection"}"#;
    assert_eq!(api.send(Method::POST, PATH, version).await.1["error"]["code"], -32600);
    for (body, field) in [
        (r#"{"jsonrpc":"2.0","method":"test_connection"}"#, "id"),
        (r#"{"jsonrpc":"2.0","id":7,"method":"test_connection"}"#, "id"),
        (r#"{"jsonrpc":2.0,"id":"7","method":"test_connection"}"#, "jsonrpc"),
        (r#"{"jsonrpc":"2.0","id":"7","method":["test_connection"]}"#, "method"),
    ] {
        let (status, answer) = api.send(Method::POST, PATH, body).await;
        assert_eq!((status, &answer["field"]), (422, &json!(field)), "{body}: {answer}");
    }
    for body in ["[]", "7", "", r#"{"jsonrpc":"2.0""#] {
        assert_eq!(api.send(Method::POST, PATH, body).await.0, 422, "{body}");
    }
    let large = call_of("sync_batch", &batch("user", "upsert", json!([{"user_id": "u", "p": "p".repeat(5 << 20)}])));
    assert_eq!(api.send(Method::POST, PATH, large).await.0, 413);
    assert_eq!(api.get("/v1/users").await.1["entries"], json!([]));
    assert!(api.server.logs("$api").await.is_empty());

    // At the limit, every record is taken.
    let most: Value = many.as_array().unwrap().iter().take(1000).cloned().collect();
    let results = call(&api, "sync_batch", batch("user", "upsert", most)).await;
    let results = results["record_results"].as_array().unwrap();
    assert_eq!(results.len(), 1000);
    assert!(results.iter().enumerate().all(|(n, result)| *result == json!({"identifier": n, "success": true})));
    assert_eq!(call(&api, "sync_batch", batch("user", "upsert", json!([]))).await, json!({"record_results": []}));
}

#[tokio::test]
async fn only_a_key_of_the_environment_opens_it() {
    let api = Api::start().await;
    let body = call_of("sync_batch", &batch("user", "upsert", json!([{"user_id": "u"}])));
    for authorization in ["Bearer sk_wrong", "Basic c2s6", "Bearer "] {
        let request =
            api.server.client.post(format!("{}{PATH}", api.server.admin)).header("authorization", authorization);
        let (status, answer) = answer(request.body(body.clone()).send().await.unwrap()).await;
        assert_eq!((status, &answer["code"]), (401, &json!("unauthorized")), "{authorization}");
    }
    assert_eq!(api.server.manage(Method::POST, PATH).body(body.clone()).send().await.unwrap().status(), 403);
    assert_eq!(api.get("/v1/users/u").await.0, 404);
    let production = api.server.api_key("production").await;
    let other = api.server.request_with(&production, Method::POST, PATH).body(body).send().await.unwrap();
    assert_eq!(other.status(), 200);
    assert_eq!(api.get("/v1/users/u").await.0, 404, "environments never see each other");
}
