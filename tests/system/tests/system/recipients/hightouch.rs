//! Plays Hightouch against the recipients API: its embedded destination for users and audiences (platforms.md §6.2).

use reqwest::Method;
use serde_json::{Value, json};

use super::Api;

const PATH: &str = "/v1/integrations/hightouch/embedded-destination";

async fn answer_to(api: &Api, method: &str, params: Value) -> Value {
    let body = json!({"jsonrpc": "2.0", "id": "7", "method": method, "params": params});
    let (status, answer) = api.send(Method::POST, PATH, body.to_string()).await;
    assert_eq!(status, 200, "{method}: {answer}");
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!("7")), "{method}: {answer}");
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

fn users(mode: &str) -> Value {
    json!({"object": "user", "mode": mode, "identifierMapping": {"from": "ID", "to": "user_id"},
        "mappings": [{"from": "EMAIL_ADDR", "to": "email"}, {"from": "LTV", "to": "ltv"}]})
}

fn audience(mode: &str) -> Value {
    json!({"object": "audience", "mode": mode, "audience_key": "trial",
        "identifierMapping": {"from": "ID", "to": "user_id"}, "mappings": [{"from": "ORG", "to": "tenant"}]})
}

fn rows(configuration: &Value, rows: Value) -> Value {
    json!({"idColumn": "ID", "configuration": configuration, "rows": rows})
}

#[tokio::test]
async fn the_whole_conversation_about_users() {
    let api = Api::start().await;
    let objects = json!({"objects": [{"id": "user", "label": "Users"}, {"id": "audience", "label": "Audiences"}]});
    assert_eq!(call(&api, "list_objects", json!(null)).await, objects);
    let modes = call(&api, "list_modes", json!({"object": "user"})).await["modes"].clone();
    assert_eq!((&modes[0]["id"], &modes[1]["id"]), (&json!("upsert"), &json!("mirror")));
    let fields = call(&api, "list_fields", json!({"object": "user", "mode": "upsert"})).await["fields"].clone();
    assert_eq!(fields[0], json!({"id": "user_id", "label": "User ID", "type": "STRING", "identifier": true}));
    assert_eq!(fields[7], json!({"id": "created_at", "label": "Created at", "type": "DATETIME"}));
    assert_eq!(call(&api, "list_options", json!({"object": "user"})).await, json!({"options": null}));
    assert_eq!(call(&api, "validate", json!({"configuration": users("mirror")})).await, json!({"errors": []}));
    for (mode, removes) in [("upsert", false), ("mirror", true)] {
        let behavior = json!({"batchSize": 1000, "skipInitialRun": false,
            "operations": {"add": true, "change": true, "remove": removes}});
        assert_eq!(call(&api, "behavior", json!({"configuration": users(mode)})).await, behavior);
    }
    assert!(api.server.logs("$api").await.is_empty(), "queries change nothing");

    let none = json!({"rejectedRows": []});
    let row = json!([{"ID": "u_42", "EMAIL_ADDR": "ana@example.com", "LTV": 1234.5, "SECRET": "s"}]);
    for method in ["add", "add", "change"] {
        assert_eq!(call(&api, method, rows(&users("mirror"), row.clone())).await, none);
    }
    let (_, user) = api.get("/v1/users/u_42").await;
    assert_eq!((&user["email"], &user["ltv"]), (&json!("ana@example.com"), &json!(1234.5)), "{user}");
    assert!(user.get("SECRET").is_none() && user.get("ID").is_none(), "only what is mapped is kept: {user}");
    let log = api.server.last_log("$api").await;
    assert_eq!((&log["event_type"], &log["user_id"]), (&json!("users.identify"), &json!("u_42")));
    assert_eq!(log["data"], json!({"email": "ana@example.com", "ltv": 1234.5}));
    for outcome in ["executed", "skipped"] {
        assert_eq!(call(&api, "remove", rows(&users("mirror"), row.clone())).await, none);
        let log = api.server.last_log("$api").await;
        assert_eq!((&log["event_type"], &log["outcome"]), (&json!("users.delete"), &json!(outcome)));
    }
    assert_eq!(api.get("/v1/users/u_42").await.0, 404);
    // Without a mapping of the user's id, the model's primary key is it.
    let bare = json!({"object": "user", "mappings": []});
    assert_eq!(call(&api, "add", rows(&bare, json!([{"ID": 9_007_199_254_740_993_i64}]))).await, none);
    assert_eq!(api.get("/v1/users/9007199254740993").await.0, 200);
}

#[tokio::test]
async fn the_whole_conversation_about_audiences() {
    let api = Api::start().await;
    let modes = call(&api, "list_modes", json!({"object": "audience"})).await["modes"].clone();
    assert_eq!((&modes[0]["id"], &modes[0]["label"]), (&json!("insert"), &json!("Insert only")));
    assert_eq!((&modes[1]["id"], &modes[1]["label"]), (&json!("mirror"), &json!("Mirror")));
    let fields = call(&api, "list_fields", json!({"object": "audience", "mode": "mirror"})).await;
    let expected = json!({"fields": [{"id": "user_id", "label": "User ID", "type": "STRING", "identifier": true},
        {"id": "tenant", "label": "Tenant ID", "type": "STRING"}]});
    assert_eq!(fields, expected);
    let options = call(&api, "list_options", json!({"object": "audience"})).await["options"].clone();
    assert_eq!(options["schema"]["required"], json!(["audience_key"]));
    assert_eq!(options["schema"]["properties"]["audience_key"]["type"], "string");
    assert_eq!(call(&api, "validate", json!({"configuration": audience("mirror")})).await, json!({"errors": []}));
    let behavior = call(&api, "behavior", json!({"configuration": audience("insert")})).await;
    assert_eq!(behavior["operations"], json!({"add": true, "change": false, "remove": false}));
    let behavior = call(&api, "behavior", json!({"configuration": audience("mirror")})).await;
    assert_eq!(behavior["operations"], json!({"add": true, "change": false, "remove": true}));

    let none = json!({"rejectedRows": []});
    let both = json!([{"ID": "ana", "ORG": "acme"}, {"ID": 43, "ORG": null}]);
    for _ in 0..2 {
        assert_eq!(call(&api, "add", rows(&audience("mirror"), both.clone())).await, none);
        let (_, page) = api.get("/v1/audiences/trial/members").await;
        let mut members: Vec<_> = page["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|member| (member["user_id"].as_str().unwrap(), &member["tenant"]))
            .collect();
        members.sort_by_key(|(user, _)| *user);
        assert_eq!(members, [("43", &json!(null)), ("ana", &json!("acme"))]);
    }
    for _ in 0..2 {
        assert_eq!(call(&api, "remove", rows(&audience("mirror"), both.clone())).await, none);
        assert_eq!(api.get("/v1/audiences/trial/members").await.1["entries"], json!([]));
    }
    let log = api.server.last_log("$api").await;
    assert_eq!((&log["event_type"], &log["outcome"]), (&json!("audiences.remove_members"), &json!("skipped")));
}

#[tokio::test]
async fn a_row_that_is_not_taken_is_named_and_the_others_are_taken() {
    let api = Api::start().await;
    let all =
        json!([{"ID": "good"}, {"ID": "u/43"}, {"ID": 44, "EMAIL_ADDR": {}}, {"EMAIL_ADDR": "e"}, 7, {"ID": "last"}]);
    let result = call(&api, "add", rows(&users("upsert"), all)).await;
    let expected = json!({"rejectedRows": [
        {"index": 1, "id": "u/43", "message": "user_id holds a slash, which no id may hold"},
        {"index": 2, "id": 44, "message": "email: it is an object; expected a string or null"},
        {"index": 3, "id": null, "message": "user_id is missing; map a column with the user's id to it"},
        {"index": 4, "id": null, "message": "the record is a number; expected an object with the fields as members"},
    ]});
    assert_eq!(result, expected);
    for (id, status) in [("good", 200), ("last", 200), ("44", 404)] {
        assert_eq!(api.get(&format!("/v1/users/{id}")).await.0, status, "{id}");
    }
    let logs = api.server.all_logs("$api").await;
    assert_eq!(logs.iter().filter(|log| log["outcome"] == "failed").count(), 4);
    assert_eq!(logs.len(), 6);

    let mut keyless = audience("mirror");
    keyless["audience_key"] = json!(null);
    let errors = call(&api, "validate", json!({"configuration": keyless})).await["errors"].clone();
    assert_eq!(
        errors,
        json!([{"message": "Set the option Audience key to the key of an audience: 1 to 256 characters."}])
    );
    let result = call(&api, "add", rows(&keyless, json!([{"ID": "ana"}]))).await;
    assert_eq!(
        result["rejectedRows"][0]["message"],
        "audience_key is missing; give every record the key of an audience"
    );
}

#[tokio::test]
async fn what_is_no_proper_call_is_refused_as_a_whole() {
    let api = Api::start().await;
    let many: Value = (0..1001).map(|n| json!({"ID": n})).collect();
    let unmapped = json!({"configuration": {"object": "user"}, "rows": [{"ID": "u"}]});
    // A column mapped to a thousand fields makes a thousand times more of each row.
    let fields: Vec<_> = (0..1000).map(|n| json!({"from": "P", "to": format!("p{n}")})).collect();
    let wide = json!({"object": "user", "mappings": fields});
    for (method, params, code, part) in [
        ("list_modes", json!({"object": "event"}), -32602, "object names no object"),
        ("list_fields", json!({}), -32602, "object names no object"),
        ("list_options", json!({"object": 7}), -32602, "object names no object"),
        ("behavior", json!({"configuration": []}), -32602, "configuration is absent or no object"),
        ("add", json!([]), -32602, "params is an array"),
        ("add", json!({"rows": []}), -32602, "configuration is absent or no object"),
        ("add", json!({"configuration": users("upsert")}), -32602, "rows is absent or no array"),
        ("add", unmapped, -32602, "idColumn"),
        ("remove", rows(&users("mirror"), many), -32602, "at most 1000"),
        ("add", rows(&wide, json!([{"ID": "u", "P": "p".repeat(100_000)}])), -32602, "send smaller batches"),
        ("test_connection", json!({}), -32601, "Method not found"),
    ] {
        let (found, message) = failed_call(&api, method, params).await;
        assert_eq!(found, code, "{method} {message}");
        assert!(message.contains(part), "{method}: {message}");
    }
    let errors = call(&api, "validate", json!({})).await["errors"].clone();
    assert_eq!(errors, json!([{"message": "configuration is absent or no object"}]));
    let (status, answer) = api.send(Method::POST, PATH, r#"{"jsonrpc":"2.0","method":"list_objects"}"#).await;
    assert_eq!((status, &answer["field"]), (422, &json!("id")), "{answer}");
    let wrong = api.server.request_with("sk_wrong", Method::POST, PATH).body("{}").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    assert_eq!(api.get("/v1/users").await.1["entries"], json!([]));
    assert!(api.server.logs("$api").await.is_empty());
    assert_eq!(call(&api, "add", rows(&users("upsert"), json!([]))).await, json!({"rejectedRows": []}));
}
