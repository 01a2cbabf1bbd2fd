//! Platforms that sign the URL that they call: it is the operator's, whatever a request says about it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use inlet_system_tests::{Endpoint, Server, ServerOptions, hmac_sha1, http_changed};
use serde_json::{Value, json};

const SECRET: &str = "auth-token";
const PUBLIC_URL: &str = "https://hooks.example.com/inlet";

async fn add(server: &Server, verification: Value) {
    let wasm = http_changed("acme/urls", "1.0.0", |manifest| {
        manifest["manifest"] = json!(2);
        manifest["verification"] = verification;
    });
    let (status, answer) = server.add_version("acme/urls", "", &wasm).await;
    assert_eq!(status, 201, "{answer}");
}

/// Signs as Square does: the URL and the body.
fn square() -> Value {
    json!({
        "scheme": "signature", "header": "x-signature", "algorithm": "hmac_sha256", "encoding": "base64",
        "signed": ["{url}{body}"], "uncovered": "The headers.",
        "vectors": [{
            "name": "of Square's libraries", "secret": "asdf1234", "url": "https://example.com/webhook", "verified": true,
            "headers": {"x-signature": "2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og="}, "body": "{\"hello\":\"world\"}",
        }],
    })
}

fn sign(url: &str, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{url}{body}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn public(endpoint: &Endpoint) -> String {
    format!("{PUBLIC_URL}{}", endpoint.path())
}

#[tokio::test]
async fn the_url_is_the_operators_and_no_header_changes_it() {
    let server = Server::start_with(ServerOptions::default().env("INLET_PUBLIC_URL", PUBLIC_URL)).await;
    add(&server, square()).await;
    let endpoint = server.source("urls", "acme/urls", json!({"signing_secret": SECRET}), json!([])).await;
    let body = r#"{"type":"track","event":"a"}"#;
    let send = async |rest: &str, signature: &str, headers: &[(&str, &str)]| {
        let at = Endpoint::at(&server, format!("{}{rest}", endpoint.url));
        let mut request = at.post(body).header("x-signature", signature);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let genuine = sign(&public(&endpoint), body);
    assert_eq!(send("", &genuine, &[]).await, 200);
    assert_eq!(
        send("?a=%20b&c", &sign(&format!("{}?a=%20b&c", public(&endpoint)), body), &[]).await,
        200,
        "as it is sent"
    );
    assert_eq!(send("/sub", &sign(&format!("{}/sub", public(&endpoint)), body), &[]).await, 200);
    assert_eq!(send("?a=1", &genuine, &[]).await, 401, "another query");
    let evil = sign(&format!("https://evil.example{}", endpoint.path()), body);
    let forwarded =
        [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "https"), ("forwarded", "host=evil.example")];
    assert_eq!(send("", &evil, &forwarded).await, 401);
    assert_eq!(send("", &evil, &[("host", "evil.example")]).await, 401);
    assert_eq!(send("", &genuine, &forwarded).await, 200, "a proxy may say what it wants");
}

#[tokio::test]
async fn without_a_public_url_nothing_is_verified_and_the_operator_is_told() {
    let server = Server::start().await;
    add(&server, square()).await;
    let settings = |settings: Value| {
        json!({
            "name": "urls", "preconfigured_provider": "acme/urls",
            "environment_settings": {"development": {"settings": settings, "mappings": []}},
        })
    };
    let enforced = settings(json!({"signing_secret": SECRET}));
    let (status, answer) = server.try_put_source("urls", "development", enforced).await;
    assert_eq!(status, 422, "{answer}");
    let message = answer["message"].as_str().unwrap();
    assert!(message.contains("set public_url in the server's configuration"), "{message}");
    let recorded = json!({"signing_secret": SECRET, "enforce_verification": false});
    let endpoint = server.source("urls", "acme/urls", recorded, json!([])).await;
    let body = r#"{"type":"track","event":"a"}"#;
    let signature = sign(&endpoint.url, body);
    let answer = endpoint.post(body).header("x-signature", &signature).send().await.unwrap();
    assert_eq!(answer.status(), 200, "it is only recorded");
    assert_eq!(server.logs("urls").await[0]["verification_status"], "failed");
}

#[tokio::test]
async fn a_refused_request_is_verified_again_with_its_url() {
    let server = Server::start_with(ServerOptions::default().env("INLET_PUBLIC_URL", PUBLIC_URL)).await;
    add(&server, square()).await;
    let endpoint = server.source("urls", "acme/urls", json!({"signing_secret": "another"}), json!([])).await;
    let body = r#"{"type":"track","event":"a"}"#;
    let signature = sign(&format!("{}/x?a=1&b", public(&endpoint)), body);
    let at = Endpoint::at(&server, format!("{}/x?a=1&b", endpoint.url));
    assert_eq!(at.post(body).header("x-signature", &signature).send().await.unwrap().status(), 401);
    server.source("urls", "acme/urls", json!({"signing_secret": SECRET}), json!([])).await;
    let verify = "/v1/sources/urls/refused/verify?environment=development";
    let answer = server.manage(reqwest::Method::POST, verify).json(&json!({})).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    assert_eq!(server.logs("urls").await.len(), 1);
}

#[tokio::test]
async fn twilio_signs_the_url_and_its_sorted_form() {
    let server = Server::start_with(ServerOptions::default().env("INLET_PUBLIC_URL", PUBLIC_URL)).await;
    let twilio = json!({
        "scheme": "signature", "header": "x-twilio-signature", "algorithm": "hmac_sha1", "encoding": "base64",
        "signed": ["{url}{form:sorted}", "{url}"], "body_sha256": {"query": "bodySHA256"}, "uncovered": "The headers.",
        "vectors": [{
            "name": "published by Twilio", "secret": "12345", "url": "https://mycompany.com/myapp.php?foo=1&bar=2",
            "headers": {"x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}, "verified": true,
            "body": "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212",
        }],
    });
    add(&server, twilio).await;
    let endpoint = server.source("urls", "acme/urls", json!({"signing_secret": SECRET}), json!([])).await;
    let send = async |signed: &str, body: &str| {
        let signature = STANDARD.encode(hex::decode(hmac_sha1(SECRET, signed.as_bytes())).unwrap());
        endpoint.post(body.to_owned()).header("x-twilio-signature", signature).send().await.unwrap().status().as_u16()
    };
    let url = public(&endpoint);
    // The plugin reads no forms, and says so with 422; what matters is that it is not 401.
    assert_eq!(send(&format!("{url}Bodyhi thereFrom+1"), "From=%2B1&Body=hi+there").await, 422);
    assert_eq!(send(&format!("{url}Bodyhi thereFrom+1"), "From=%2B2&Body=hi+there").await, 401);
    assert_eq!(send(&url, "").await, 422, "an empty form");
    assert_eq!(send(&url, r#"{"type":"track","event":"a"}"#).await, 401, "no hash covers the body");
}

#[tokio::test]
async fn public_keys_of_an_operator_are_secrets_and_wrong_ones_are_told() {
    let server = Server::start().await;
    let sendgrid = json!({
        "scheme": "signature", "header": "x-signature", "algorithm": "ecdsa_p256", "encoding": "base64",
        "timestamp": {"header": "x-timestamp", "unit": "seconds", "tolerance_seconds": 600}, "signed": ["{timestamp}{body}"],
        "uncovered": "The headers.",
        "vectors": [{
            "name": "none", "secret": KEY, "headers": {"x-signature": "AAAA", "x-timestamp": "1"}, "body": "", "verified": false,
        }],
    });
    add(&server, sendgrid).await;
    let endpoint = server.source("urls", "acme/urls", json!({"signing_secret": KEY}), json!([])).await;
    // Published by SendGrid; it was signed in 2020.
    let signature = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=";
    let body = "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\"sg_event_id\":\
                \"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\"sg_message_id\":\
                \"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\"smtp-id\":\
                \"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n";
    let old = endpoint.post(body).header("x-signature", signature).header("x-timestamp", "1600112502");
    assert_eq!(old.send().await.unwrap().status(), 401);
    let list = server.get("/v1/sources/urls/refused?environment=development").await;
    assert_eq!(list["entries"][0]["cause"], "stale", "the signature is right: {list}");
    let put = json!({
        "name": "urls", "preconfigured_provider": "acme/urls",
        "environment_settings": {"development": {"settings": {"signing_secret": "no key"}, "mappings": []}},
    });
    let (status, answer) = server.try_put_source("urls", "development", put).await;
    assert_eq!(status, 422);
    assert!(answer["message"].as_str().unwrap().contains("expected an ECDSA public key on P-256"), "{answer}");
    let shown = server.get("/v1/sources/urls?environment=development").await.to_string();
    assert!(!shown.contains(&KEY[..40]), "a key goes the way of secrets");
}

const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
