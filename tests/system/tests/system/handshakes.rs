//! Handshakes through the real server: what platforms ask before they send events, while verification is enforced, and what
//! somebody tries who only knows the address.

use hmac::{Hmac, KeyInit as _, Mac as _};
use inlet_system_tests::{Endpoint, Server, http_changed};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::signatures::now;

const SECRET: &str = "app-secret";

/// Starts a server with a source whose plugin has these handshakes and signs like Slack and Zoom: `v0:{timestamp}:{body}`.
async fn source(methods: &[&str], handshakes: Value, options: Value) -> (Server, Endpoint) {
    let server = Server::start().await;
    let wasm = http_changed("acme/asks", "1.0.0", |manifest| {
        manifest["manifest"] = json!(2);
        manifest["methods"] = json!(methods);
        manifest["handshake"] = handshakes;
        manifest["options"] = json!({"type": "object", "properties": {"verify_token": {"type": "string"}}});
        manifest["verification"] = json!({
            "scheme": "signature", "header": "x-signature", "algorithm": "hmac_sha256", "encoding": "hex", "prefix": "v0=",
            "timestamp": {"header": "x-timestamp", "unit": "seconds", "tolerance_seconds": 300},
            "signed": ["v0:{timestamp}:{body}"], "uncovered": "The rest.",
            "vectors": [{
                "name": "one", "secret": "s", "headers": {"x-signature": "v0=00", "x-timestamp": "1"}, "body": "",
                "verified": false,
            }],
        });
    });
    let (status, answer) = server.add_version("acme/asks", "", &wasm).await;
    assert_eq!(status, 201, "{answer}");
    let settings = json!({"signing_secret": SECRET, "options": options});
    let endpoint = server.source("asks", "acme/asks", settings, json!([])).await;
    (server, endpoint)
}

fn sign(text: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

async fn ask(endpoint: &Endpoint, method: Method, query: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let client = reqwest::Client::new();
    let mut request = client.request(method, format!("{}{query}", endpoint.url)).body(body.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn signed(endpoint: &Endpoint, body: &str) -> Response {
    let at = now().to_string();
    let signature = format!("v0={}", sign(&format!("v0:{at}:{body}")));
    ask(endpoint, Method::POST, "", &[("x-signature", &signature), ("x-timestamp", &at)], body).await
}

/// Checks that no browser takes an answer for a page, and returns its status, type and body.
async fn harmless(response: Response) -> (u16, String, String) {
    let headers = response.headers().clone();
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").contains("default-src 'none'"));
    assert!(!header("content-type").contains("html"), "{}", header("content-type"));
    (response.status().as_u16(), header("content-type"), response.text().await.unwrap())
}

async fn refused_causes(server: &Server) -> Vec<String> {
    let list = server.get("/v1/sources/asks/refused?environment=development").await;
    list["entries"].as_array().unwrap().iter().map(|entry| entry["cause"].as_str().unwrap().to_owned()).collect()
}

fn meta() -> Value {
    json!([{
        "methods": ["GET"], "unsigned": true, "when": {"query": {"hub.mode": "subscribe"}},
        "verify_token": {"query": "hub.verify_token", "option": "verify_token"},
        "challenge": {"query": "hub.challenge"}, "answer": {"text": "{challenge}"},
    }])
}

#[tokio::test]
async fn meta_gets_its_challenge_for_the_right_token_while_verification_is_enforced() {
    let (server, endpoint) = source(&["POST", "GET"], meta(), json!({"verify_token": "tok-1"})).await;
    let asks = |token: &str| format!("?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
    let right = harmless(ask(&endpoint, Method::GET, &asks("tok-1"), &[], "").await).await;
    assert_eq!(right, (200, "text/plain; charset=utf-8".to_owned(), "1158201444".to_owned()));
    for wrong in ["tok-2", "", "tok-1&hub.verify_token=tok-1", SECRET] {
        let (status, _, body) = harmless(ask(&endpoint, Method::GET, &asks(wrong), &[], "").await).await;
        assert_eq!(status, 401, "{wrong}");
        assert!(!body.contains("1158201444"), "{body}");
    }
    assert_eq!(ask(&endpoint, Method::GET, "?hub.mode=unsubscribe", &[], "").await.status(), 401, "no handshake");
    assert_eq!(refused_causes(&server).await.iter().filter(|cause| *cause == "wrong_verify_token").count(), 4);
    let logs = server.logs("asks").await;
    assert_eq!((logs.len(), &logs[0]["outcome"]), (1, &json!("ignored")), "{logs:?}");
    let log = logs[0].to_string();
    assert!(log.contains(r#""handshake""#) && !log.contains("tok-1"), "{log}");
    assert_eq!(signed(&endpoint, r#"{"type":"track","event":"a"}"#).await.status(), 200, "events come as before");
}

#[tokio::test]
async fn without_a_token_that_is_set_none_is_right() {
    let (_server, endpoint) = source(&["POST", "GET"], meta(), json!({})).await;
    for token in ["", "x"] {
        let query = format!("?hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}");
        assert_eq!(ask(&endpoint, Method::GET, &query, &[], "").await.status(), 401);
    }
}

#[tokio::test]
async fn okta_dropbox_intercom_and_discord() {
    let handshakes = json!([
        {"methods": ["GET"], "unsigned": true, "challenge": {"header": "x-okta-verification-challenge"},
         "answer": {"json": {"verification": "{challenge}"}}},
        {"methods": ["GET"], "unsigned": true, "challenge": {"query": "challenge"}, "answer": {"text": "{challenge}"}},
        {"methods": ["HEAD"], "unsigned": true, "answer": {}},
        {"methods": ["OPTIONS"], "unsigned": true, "challenge": {"header": "webhook-request-origin"},
         "answer": {"status": 204, "headers": {"webhook-allowed-origin": "{challenge}"}}},
        {"methods": ["POST"], "when": {"body": {"/type": "1"}}, "answer": {"json": {"type": 1}}},
    ]);
    let (server, endpoint) = source(&["POST", "GET", "HEAD", "OPTIONS"], handshakes, json!({})).await;
    let okta = ask(&endpoint, Method::GET, "", &[("x-okta-verification-challenge", "a\"<b>")], "").await;
    let expected = json!({"verification": "a\"<b>"});
    let (status, content_type, body) = harmless(okta).await;
    assert_eq!((status, content_type.as_str()), (200, "application/json"));
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    let (_, content_type, body) = harmless(ask(&endpoint, Method::GET, "?challenge=abc", &[], "").await).await;
    assert_eq!((content_type.as_str(), body.as_str()), ("text/plain; charset=utf-8", "abc"));
    assert_eq!(ask(&endpoint, Method::HEAD, "", &[], "").await.status(), 200);
    let options =
        ask(&endpoint, Method::OPTIONS, "", &[("webhook-request-origin", "eventemitter.example.com")], "").await;
    assert_eq!(options.status(), 204);
    assert_eq!(options.headers()["webhook-allowed-origin"], "eventemitter.example.com");
    // One that the platform signs is answered after verification.
    assert_eq!(ask(&endpoint, Method::POST, "", &[], r#"{"type":1}"#).await.status(), 401);
    let (status, _, body) = harmless(signed(&endpoint, r#"{"type":1}"#).await).await;
    assert_eq!((status, body.trim()), (200, r#"{"type":1}"#));
    assert_eq!(ask(&endpoint, Method::OPTIONS, "", &[], "").await.status(), 401, "no handshake, and not verified");
    assert_eq!(server.logs("asks").await.len(), 5, "each of them is logged");
}

#[tokio::test]
async fn slack_is_answered_once_its_signature_is_right() {
    let handshakes = json!([{
        "methods": ["POST"], "when": {"body": {"/type": "url_verification"}}, "challenge": {"body": "/challenge"},
        "answer": {"text": "{challenge}"},
    }]);
    let (server, endpoint) = source(&["POST"], handshakes, json!({})).await;
    let asks = |challenge: &str| json!({"type": "url_verification", "challenge": challenge}).to_string();
    let page = "<script>alert(1)</script>";
    let (status, _, body) = harmless(ask(&endpoint, Method::POST, "", &[], &asks(page)).await).await;
    assert!(status == 401 && !body.contains("script"), "{body}");
    let (status, content_type, body) = harmless(signed(&endpoint, &asks(page)).await).await;
    assert_eq!((status, content_type.as_str(), body.as_str()), (200, "text/plain; charset=utf-8", page));
    let huge = "x".repeat(1 << 20);
    let answer = signed(&endpoint, &asks(&huge)).await;
    assert_ne!(answer.status(), 200, "it is no event, and no handshake either");
    assert!(!answer.text().await.unwrap().contains("xxxxxxxx"));
    assert_eq!(server.logs("asks").await.iter().filter(|log| log["outcome"] == "ignored").count(), 1);
}

#[tokio::test]
async fn zoom_gets_an_hmac_and_nobody_a_signature() {
    let handshakes = json!([{
        "methods": ["POST"], "unsigned": true, "when": {"body": {"/event": "endpoint.url_validation"}},
        "challenge": {"body": "/payload/plainToken"}, "hmac": {"algorithm": "hmac_sha256", "encoding": "hex"},
        "answer": {"json": {"plainToken": "{challenge}", "encryptedToken": "{hmac}"}},
    }]);
    let (server, endpoint) = source(&["POST"], handshakes, json!({})).await;
    let asks = |token: &str| json!({"event": "endpoint.url_validation", "payload": {"plainToken": token}}).to_string();
    let (status, content_type, body) =
        harmless(ask(&endpoint, Method::POST, "", &[], &asks("qgg8vlvZRS6UYooatFL8Aw")).await).await;
    assert_eq!((status, content_type.as_str()), (200, "application/json"));
    let expected = json!({"plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": sign("qgg8vlvZRS6UYooatFL8Aw")});
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), expected);
    // What would forge an event, or could be cut into one, is not signed.
    let forged = format!("v0:{}:{}", now(), r#"{"type":"track","event":"Forged"}"#);
    let long = "a".repeat(129);
    for oracle in [forged.as_str(), "a.b", "a b", "", "é", long.as_str(), "a\n"] {
        let answer = ask(&endpoint, Method::POST, "", &[], &asks(oracle)).await;
        assert_eq!(answer.status(), 401, "{oracle}");
        assert!(!answer.text().await.unwrap().contains(&sign(oracle)), "{oracle}");
    }
    assert!(!server.log().contains(SECRET));
}

#[tokio::test]
async fn a_plugin_whose_handshake_is_an_oracle_or_unknown_is_refused() {
    let server = Server::start().await;
    let add = async |handshake: Value, signed: &str| {
        let signed = signed.to_owned();
        let wasm = http_changed("acme/asks", "1.0.0", |manifest| {
            manifest["manifest"] = json!(2);
            manifest["handshake"] = json!([handshake]);
            manifest["verification"] = json!({
                "scheme": "signature", "body": "/signature", "algorithm": "hmac_sha256", "encoding": "hex",
                "timestamp": {"body": "/timestamp", "unit": "seconds", "tolerance_seconds": 300}, "signed": [signed],
                "uncovered": "The rest.",
                "vectors": [{"name": "one", "secret": "s", "headers": {}, "body": "{}", "verified": false}],
            });
        });
        let (status, answer) = server.add_version("acme/asks", "", &wasm).await;
        (status, answer["message"].as_str().unwrap_or_default().to_owned())
    };
    let zoom = json!({
        "methods": ["POST"], "unsigned": true, "challenge": {"body": "/token"},
        "hmac": {"algorithm": "hmac_sha256", "encoding": "hex"}, "answer": {"text": "{hmac}"},
    });
    let (status, message) = add(zoom.clone(), "{timestamp}{text:/token}").await;
    assert!(
        status == 422 && message.contains("handshake.0.hmac: before verification it would sign events"),
        "{message}"
    );
    let mut unknown = zoom.clone();
    unknown["onlyOnce"] = json!(true);
    let (status, message) = add(unknown, "{timestamp}:{text:/token}").await;
    assert!(status == 422 && message.contains("handshake.0.onlyOnce"), "half a check is none: {message}");
    let mut page = zoom.clone();
    page["answer"] = json!({"text": "{hmac}", "headers": {"content-type": "text/html"}});
    let (status, message) = add(page, "{timestamp}:{text:/token}").await;
    assert!(status == 422 && message.contains("handshake.0.answer"), "{message}");
    let (status, message) = add(zoom, "{timestamp}:{text:/token}").await;
    assert_eq!(status, 201, "{message}");
}
