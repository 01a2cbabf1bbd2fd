//! Real requests of RudderStack against the real plugin (platforms.md §0 and §4).

use inlet_system_tests::{Endpoint, Server, raw_http, read_json};
use reqwest::Method;
use serde_json::{Value, json};

async fn identifying(server: &Server) -> Endpoint {
    server.source("rudderstack", "rudderstack", json!({"handle_identifies": true}), json!([])).await
}

async fn get(server: &Server, method: Method, url: String) -> (u16, Value) {
    let response = server.client.request(method, url).send().await.unwrap();
    (response.status().as_u16(), read_json(response).await)
}

#[tokio::test]
async fn a_user_whose_traits_are_only_in_the_context_is_identified_by_them() {
    let server = Server::start().await;
    let endpoint = identifying(&server).await;
    let body = r#"{"anonymousId":"7a0f","channel":"web","context":{"ip":"203.0.113.9","traits":{"email":"ana@example.com","phone":"+351900000000"}},"event":null,"messageId":"469f","properties":null,"timestamp":"2026-01-02T08:34:05.878+05:30","type":"identify","userId":"u_42"}"#;
    endpoint.expect(body, &["executed"]).await;
    let user: Value = serde_json::from_str(&server.user_text("u_42").await.unwrap()).unwrap();
    assert_eq!((&user["email"], &user["phone_number"]), (&json!("ana@example.com"), &json!("+351900000000")));
    assert_eq!(server.last_log("rudderstack").await["occurred_at"], "2026-01-02T03:04:05.878Z");
}

#[tokio::test]
async fn traits_in_both_places_are_merged_the_top_level_wins_and_every_digit_survives() {
    let server = Server::start().await;
    let endpoint = identifying(&server).await;
    let body = r#"{"type":"identify","userId":"u","context":{"traits":{"email":"old@example.com","n":9007199254740993,"plan":"free"}},"traits":{"email":"new@example.com","price":1.10,"plan":null}}"#;
    endpoint.expect(body, &["executed"]).await;
    let user = server.user_text("u").await.unwrap();
    for part in [r#""email":"new@example.com""#, r#""n":9007199254740993"#, r#""price":1.10"#, r#""plan":null"#] {
        assert!(user.contains(part), "{part}: {user}");
    }
    assert!(!user.contains("old@example.com"));
}

#[tokio::test]
async fn an_empty_a_null_and_no_user_id_are_all_absent_and_a_number_is_its_digits() {
    let server = Server::start().await;
    let endpoint = identifying(&server).await;
    for id in [r#""userId":"","#, r#""userId":null,"#, ""] {
        endpoint.expect(format!(r#"{{{id}"type":"track","event":"E","anonymousId":"a"}}"#), &["logged"]).await;
        assert_eq!(server.last_log("rudderstack").await["user_id"], json!(null), "{id}");
        endpoint.expect(format!(r#"{{{id}"type":"identify","context":{{"traits":{{"a":1}}}}}}"#), &["logged"]).await;
        let log = server.last_log("rudderstack").await;
        assert_eq!(log["reason"], "an identify event without user_id identifies nobody", "{id}");
    }
    endpoint.expect(r#"{"type":"Identify","userId":9007199254740993,"traits":{}}"#, &["executed"]).await;
    assert!(server.user_text("9007199254740993").await.is_some());
}

#[tokio::test]
async fn every_type_that_reaches_a_webhook_is_logged_under_its_own_name() {
    let server = Server::start().await;
    let endpoint = identifying(&server).await;
    for (body, event_type) in [
        (r#"{"type":"Track","event":"Order Completed"}"#, "track/Order Completed"),
        (r#"{"type":"track","event":null}"#, "track"),
        (r#"{"type":"track","event":""}"#, "track"),
        (r#"{"type":"track","event":7}"#, "track"),
        (r#"{"type":"","event":"Named"}"#, "track/Named"),
        (r#"{"type":"Alias","userId":"u","previousId":"p","event":null,"properties":null}"#, "alias"),
        (r#"{"type":"group","userId":"","groupId":"g","traits":{"name":"Acme"},"event":null}"#, "group"),
        (r#"{"type":"page","name":"Pricing"}"#, "page/Pricing"),
        (r#"{"type":"screen"}"#, "screen"),
        (r#"{"type":"record","action":"insert","fields":{"a":1},"identifiers":{"email":"e"}}"#, "record"),
        (r#"{"type":"audienceList","properties":{"listData":{"add":[]}}}"#, "audiencelist"),
        (r#"{"type":"trackUser","properties":{}}"#, "trackuser"),
    ] {
        let answer = endpoint.expect(body, &["logged"]).await;
        assert_eq!(answer["events"][0]["event_type"], event_type, "{body}");
    }
    let log = server.logs("rudderstack").await;
    let record = log.iter().find(|log| log["event_type"] == "record").unwrap();
    assert_eq!(record["data"], json!({"a": 1}), "what stands beside is in the item");
    assert_eq!(record["original"]["identifiers"], json!({"email": "e"}));
}

#[tokio::test]
async fn a_message_id_in_either_spelling_keeps_an_event_from_happening_twice() {
    let server = Server::start().await;
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true});
    let endpoint = server.source("rudderstack", "rudderstack", settings, json!([])).await;
    for id in [r#""messageId":"m-1""#, r#""message_id":"m-2""#, r#""messageId":"","message_id":"m-3""#] {
        let body = format!(r#"{{"type":"identify","userId":"u","traits":{{"a":1}},{id}}}"#);
        endpoint.expect(body.clone(), &["executed"]).await;
        endpoint.expect(body, &["replayed"]).await;
    }
    endpoint.expect(r#"{"type":"identify","userId":"u","messageId":7}"#, &["executed"]).await;
    let log = server.last_log("rudderstack").await;
    assert_eq!(log["idempotency_key"], json!(null));
    assert!(log["warnings"][0].as_str().unwrap().contains("without idempotency"), "{log}");
}

#[tokio::test]
async fn an_array_is_read_item_by_item_and_answered_200() {
    let server = Server::start().await;
    let endpoint = identifying(&server).await;
    let body = r#"[{"type":"track","event":"A"},7,{"type":"identify","userId":"u","context":{"traits":{"a":1}}},{"type":"identify","userId":"v","context":{"traits":{"a":"\ud800"}}}]"#;
    endpoint.expect(body, &["logged", "rejected", "executed", "rejected"]).await;
    endpoint.expect("[]", &["ignored"]).await;
    endpoint.expect("<xml/>", &["rejected"]).await;
}

/// The body is what `rudder-transformer` builds of a mapped call for the format XML.
#[tokio::test]
async fn an_xml_body_is_read_like_the_same_call_as_json() {
    let server = Server::start().await;
    let endpoint = identifying(&server).await;
    let xml = |content: &str| format!(r#"<?xml version="1.0" encoding="UTF-8"?><root>{content}</root>"#);
    let call =
        "<userId>u_42</userId><context><traits><email>ana@example.com</email><plan>a&amp;b</plan></traits></context>";
    endpoint.expect(xml(&format!("<type>identify</type>{call}")), &["executed"]).await;
    assert!(server.user_text("u_42").await.unwrap().contains(r#""email":"ana@example.com""#));
    let tracked = "<type>track</type><event>Paid</event><userId>u_42</userId><messageId>m-1</messageId>\
                   <timestamp>2026-01-02T03:04:05.678Z</timestamp>\
                   <properties><total>9007199254740993.10</total><items>a</items><items>b</items></properties>";
    endpoint.expect(xml(tracked), &["logged"]).await;
    let log = server.last_log("rudderstack").await;
    let found = (&log["event_type"], &log["user_id"], &log["idempotency_key"]);
    assert_eq!(found, (&json!("track/Paid"), &json!("u_42"), &json!("m-1")));
    assert_eq!(log["data"], json!({"total": "9007199254740993.10", "items": ["a", "b"]}));
    assert_eq!((&log["original_text"], &log["warnings"]), (&json!(xml(tracked)), &json!([])));
    assert!(log["occurred_at"].as_str().unwrap().starts_with("2026-01-02T03:04:05.678"), "{log}");
    let bomb = format!(r#"<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>{}"#, xml("<type>&b;</type>"));
    endpoint.expect(bomb, &["rejected"]).await;
    assert!(server.last_log("rudderstack").await["reason"].as_str().unwrap().contains("document type"));
}

#[tokio::test]
async fn a_get_or_delete_carries_its_properties_in_the_query() {
    let server = Server::start().await;
    let endpoint = identifying(&server).await;
    let url = format!(
        "{}/track/Order%20Completed?order.id=o-1&items%5B0%5D.sku=a&tag=x&tag=y&total=1.10&note=na%C3%AFve+%E2%98%83&empty",
        endpoint.url
    );
    let (status, answer) = get(&server, Method::GET, url).await;
    assert_eq!((status, &answer["events"][0]["event_type"]), (200, &json!("track/Order Completed")));
    let log = server.last_log("rudderstack").await;
    let expected = json!({"order.id": "o-1", "items[0].sku": "a", "tag": ["x", "y"], "total": "1.10", "note": "naïve ☃", "empty": ""});
    assert_eq!(log["data"], expected, "a repeated name keeps all, a dotted one stays");
    let (_, answer) = get(&server, Method::DELETE, format!("{}/identify?userId=u_42&email=e", endpoint.url)).await;
    assert_eq!(answer["events"][0]["outcome"], "executed");
    assert!(server.user_text("u_42").await.unwrap().contains(r#""email":"e""#));
    let (status, answer) = get(&server, Method::GET, format!("{}?a=1", endpoint.url)).await;
    assert_eq!((status, &answer["events"][0]["outcome"]), (200, &json!("rejected")));
    let reason = answer["events"][0]["reason"].as_str().unwrap();
    insta::assert_snapshot!(reason, @"A GET carries an event's properties and not its type. Put the type behind the endpoint's address, for example /track/Order%20Completed or /identify, send it as JSON with POST, or set an event type path to a header.");
    // The operator's pipeline can send the type in a header.
    let settings = json!({"event_type_path": "headers.x-event", "keep_headers": ["x-event"]});
    let endpoint = server.source("rudderstack", "rudderstack", settings, json!([])).await;
    let sent = server.client.get(format!("{}?a=1", endpoint.url)).header("x-event", "Order Paid").send().await.unwrap();
    assert_eq!(read_json(sent).await["events"][0]["event_type"], "Order Paid");
}

#[tokio::test]
async fn a_secret_in_a_header_of_the_operators_choice_and_never_in_a_log() {
    let server = Server::start().await;
    let settings = json!({"signing_secret": "s3cr3t-canary", "verification_header": "X-Rudder-Key"});
    let endpoint = server.source("rudderstack", "rudderstack", settings, json!([])).await;
    let url = format!(
        "{}/track/E?a=1&secret=s3cr3t-canary&b=Bearer+s3cr3t-canary&x-rudder-key=guess&Authorization=guess&cookie=guess",
        endpoint.url
    );
    let request = server.client.get(&url).header("x-rudder-key", "wrong").send().await.unwrap();
    assert_eq!(request.status(), 401);
    let request = server.client.get(&url).header("x-webhook-secret", "s3cr3t-canary").send().await.unwrap();
    assert_eq!(request.status(), 401, "the operator's header and no other");
    let request = server.client.get(&url).header("x-rudder-key", "s3cr3t-canary").send().await.unwrap();
    assert_eq!(request.status(), 200);
    let log = server.last_log("rudderstack").await;
    assert_eq!(log["data"], json!({"a": "1"}), "of all parameters, no credential passes");
    let withheld = ["query.secret", "query.b", "query.x-rudder-key", "query.Authorization", "query.cookie"];
    assert_eq!(log["redacted"], json!(withheld), "and none is withheld silently");
    assert!(!log.to_string().contains("canary") && !server.log().contains("canary"));
}

#[tokio::test]
async fn a_property_named_like_a_credential_is_named_as_withheld() {
    let server = Server::start().await;
    let endpoint = identifying(&server).await;
    let url = format!("{}?type=track&event=E&userId=u&cookie=x&cookie=y&a=1", endpoint.url);
    assert_eq!(get(&server, Method::GET, url).await.0, 200);
    let log = server.last_log("rudderstack").await;
    assert_eq!((&log["data"]["a"], &log["data"]["cookie"]), (&json!("1"), &Value::Null));
    assert_eq!(log["redacted"], json!(["query.cookie"]));
}

#[tokio::test]
async fn a_query_as_odd_as_it_may_be_is_read_or_rejected() {
    let server = Server::start().await;
    let endpoint = identifying(&server).await;
    let path = endpoint.url.trim_start_matches(&server.base).to_owned();
    for (query, event) in [
        ("&&=&=x&a", r#"{"":["","x"],"a":""}"#),
        ("%FF=%FF", r#"{"\u{FFFD}":"\u{FFFD}"}"#),
        ("a=%00", r#"{"a":"\u{0}"}"#),
        ("%24serde_json%3A%3Aprivate%3A%3ANumber=1", r#"{"$serde_json::private::Number":"1"}"#),
    ] {
        let request = format!("GET {path}/track/E?{query} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = raw_http::exchange(&server.base, request.as_bytes()).await;
        assert_eq!(raw_http::status(&answer), 200, "{query}: {answer}");
        let event = event.replace(r"\u{FFFD}", "\u{FFFD}").replace(r"\u{0}", r"\u0000");
        let expected: Value = serde_json::from_str(&event).unwrap();
        assert_eq!(server.last_log("rudderstack").await["data"], expected, "{query}");
    }
    // A control character is not allowed in an event type.
    let (_, answer) = get(&server, Method::GET, format!("{}/track/a%00b?x=1", endpoint.url)).await;
    assert_eq!(answer["events"][0]["outcome"], "rejected");
}

/// The largest counted message arrives whole (platforms.md §4.3).
#[tokio::test]
async fn a_message_of_313_kilobytes_arrives_whole() {
    let server = Server::start().await;
    let endpoint = server.source("rudderstack", "rudderstack", json!({}), json!([])).await;
    let note = "naïve ☃ ".repeat(29_000);
    let message = json!({"type": "track", "event": "E", "userId": "u", "properties": {"note": note}}).to_string();
    assert!(message.len() > 313_000, "{}", message.len());
    let answer = endpoint.expect(message, &["logged"]).await;
    // A list leaves out large values; a single entry contains them.
    let id = answer["events"][0]["id"].as_str().unwrap();
    let log = server.get(&format!("/v1/sources/rudderstack/logs?environment=development&id={id}")).await;
    assert_eq!(log["entries"][0]["data"]["note"], note);
}
