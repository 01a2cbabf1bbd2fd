//! `GET /v1/sources/{key}/events/fields`: the fields of the newest events of a type.

use inlet_system_tests::{Server, track};
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/v1/sources/s/events/fields?environment=development&event=track%2FPaid";

fn line(field: &Value) -> String {
    format!("{} {} {} {}", field["path"].as_str().unwrap(), field["count"], field["types"], field["examples"])
}

#[tokio::test]
async fn fields_are_counted_with_their_types_and_examples() {
    let server = Server::start().await;
    let endpoint = server.source("s", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Paid", "u", "m1", json!({"total": 5, "items": [{"sku": "A"}]})), &["logged"]).await;
    endpoint.expect(track("Other", "u", "m2", json!({"other": 1})), &["logged"]).await;
    let event =
        track("Paid", "u", "m3", json!({"total": "7"})).replace("\"7\"", "\"7\",\"exact\":12345678901234567890.10");
    endpoint.expect(event, &["logged"]).await;
    // It is left out of lists, and so of this.
    endpoint.expect(track("Paid", "u", "m4", json!({"note": "n".repeat(20_000)})), &["logged"]).await;

    let found = server.get(PATH).await;
    assert_eq!((&found["examined"], &found["left_out"], &found["has_more"]), (&json!(2), &json!(1), &json!(false)));
    let data: Vec<String> = found["data"].as_array().unwrap().iter().map(line).collect();
    assert_eq!(
        data,
        [
            r#"data.total 2 {"number":1,"string":1} ["7",5]"#,
            r#"data.exact 1 {"number":1} [1.2345678901234567e+19]"#,
            r#"data.items 1 {"array":1} []"#,
            r#"data.items[] 1 {"object":1} []"#,
            r#"data.items[].sku 1 {"string":1} ["A"]"#,
        ],
        "{found}"
    );
    let body: Vec<&str> =
        found["body"].as_array().unwrap().iter().map(|field| field["path"].as_str().unwrap()).collect();
    assert!(body.contains(&"body.properties.items[].sku") && body.contains(&"body.messageId"), "{body:?}");

    let text = server.manage(Method::GET, PATH).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("[12345678901234567890.10]"), "every digit of an example is kept: {text}");

    let newest = server.get(&format!("{PATH}&last=2")).await;
    assert_eq!((&newest["examined"], &newest["has_more"]), (&json!(1), &json!(true)), "{newest}");
    let nothing = server.get("/v1/sources/s/events/fields?environment=production&event=track%2FPaid").await;
    assert_eq!((&nothing["examined"], &nothing["data"]), (&json!(0), &json!([])), "{nothing}");
    for (query, field) in [("environment=development", "event"), ("environment=development&event=a&last=0", "last")] {
        let path = format!("/v1/sources/s/events/fields?{query}");
        let refused = server.manage(Method::GET, &path).send().await.unwrap();
        assert_eq!(refused.status(), 422);
        let refused: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
        assert_eq!(refused["field"], field, "{refused}");
    }
}

#[tokio::test]
async fn hidden_personal_data_gives_no_example() {
    let server = Server::start().await;
    let endpoint = server.source("s", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Paid", "u", "m1", json!({"email": "ana@example.com"})), &["logged"]).await;
    let hidden =
        server.manage(Method::PATCH, "/v1/environments/development").json(&json!({"hide_personal_data": true}));
    assert!(hidden.send().await.unwrap().status().is_success());
    let found = server.get(PATH).await;
    assert_eq!(line(&found["data"][0]), r#"data.email 1 {"string":1} []"#);
    assert!(!found.to_string().contains("ana@example.com"), "{found}");
}
