//! Forms through the real server: Twilio signs and sends them, and its plugin, which is rules alone, reads them as JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use inlet_system_tests::{Endpoint, Server, ServerOptions, hmac_sha1, platform_plugin};
use reqwest::Method;
use serde_json::{Value, json};

use super::author_tool::Tool;

const TOKEN: &str = "auth-token";
const PUBLIC_URL: &str = "https://hooks.example.com";
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
const MESSAGE: &str =
    "MessageSid=SM1&SmsStatus=received&From=%2B351900000000&To=%2B12025550199&Body=Ol%C3%A1+%22you%22&NumMedia=0";

/// Signs as Twilio does: the URL, and the names and values of the form in the order of the names.
fn sign(endpoint: &Endpoint, fields: &[(&str, &str)]) -> String {
    let mut fields = fields.to_vec();
    fields.sort_unstable();
    let pairs: String = fields.iter().map(|(name, value)| format!("{name}{value}")).collect();
    STANDARD
        .encode(hex::decode(hmac_sha1(TOKEN, format!("{PUBLIC_URL}{}{pairs}", endpoint.path()).as_bytes())).unwrap())
}

async fn twilio() -> (Server, Endpoint) {
    let server = Server::start_with(ServerOptions::default().env("INLET_PUBLIC_URL", PUBLIC_URL)).await;
    Tool::of(&server).printed(&["add", platform_plugin("inlet__twilio.wasm").to_str().unwrap()]);
    let endpoint = server.source("sms", "inlet/twilio", json!({"signing_secret": TOKEN}), json!([])).await;
    (server, endpoint)
}

async fn send(
    endpoint: &Endpoint,
    content_type: &str,
    signature: &str,
    body: impl Into<reqwest::Body>,
) -> (u16, Value) {
    let request = endpoint.post(body).header("content-type", content_type).header("x-twilio-signature", signature);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), inlet_system_tests::read_json(response).await)
}

fn fields() -> [(&'static str, &'static str); 6] {
    [
        ("MessageSid", "SM1"),
        ("SmsStatus", "received"),
        ("From", "+351900000000"),
        ("To", "+12025550199"),
        ("Body", "Olá \"you\""),
        ("NumMedia", "0"),
    ]
}

#[tokio::test]
async fn a_signed_form_is_verified_as_it_was_sent_and_read_as_json() {
    let (server, endpoint) = twilio().await;
    let genuine = sign(&endpoint, &fields());
    let (status, answer) = send(&endpoint, FORM, &genuine, MESSAGE).await;
    assert_eq!((status, &answer["events"][0]["event_type"]), (200, &json!("message.received")), "{answer}");
    let log = server.last_log("sms").await;
    assert_eq!(log["verification_status"], "enforced:verified");
    assert_eq!(log["user_id"], "+351900000000");
    assert_eq!((&log["data"]["Body"], &log["original"]["NumMedia"]), (&json!("Olá \"you\""), &json!("0")));

    let (status, _) = send(&endpoint, FORM, &genuine, MESSAGE.replace("NumMedia=0", "NumMedia=1")).await;
    assert_eq!(status, 401);
    let refused = server.get("/v1/sources/sms/refused?environment=development").await;
    let id = refused["entries"][0]["id"].as_str().unwrap().to_owned();
    let kept = server.get(&format!("/v1/sources/sms/refused/{id}?environment=development")).await;
    assert!(kept["body_text"].as_str().unwrap().ends_with("NumMedia=1"), "what was sent is kept: {kept}");
}

/// A rehearsal, and the replay of what is stored, read a form as a request does.
#[tokio::test]
async fn a_form_is_rehearsed_and_replayed() {
    let (server, endpoint) = twilio().await;
    let path = "/v1/sources/sms/rehearse?environment=development";
    let request = json!({"body": MESSAGE, "headers": {"content-type": FORM}, "sign": true});
    let response = server.manage(Method::POST, path).json(&request).send().await.unwrap();
    let rehearsed = inlet_system_tests::read_json(response).await;
    assert_eq!(rehearsed["items"][0]["user_id"], "+351900000000", "{rehearsed}");
    assert_eq!(rehearsed["verification"]["status"], "verified", "{rehearsed}");

    let (status, answer) = send(&endpoint, FORM, &sign(&endpoint, &fields()), MESSAGE).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer["events"][0]["id"].as_str().unwrap();
    let path = format!("/v1/sources/sms/logs/{id}/replay?environment=development");
    let replayed = inlet_system_tests::read_json(server.manage(Method::POST, &path).send().await.unwrap()).await;
    assert_eq!(replayed["entries"][0]["user_id"], "+351900000000", "{replayed}");
}

/// `curl --data` sends JSON under the content type of a form.
#[tokio::test]
async fn json_under_the_content_type_of_a_form_stays_json() {
    let (server, endpoint) = twilio().await;
    server.source("sms", "inlet/twilio", json!({"enforce_verification": false}), json!([])).await;
    let body = r#"{"MessageSid":"SM2","SmsStatus":"received","From":"+1","To":"+2","Body":"hi"}"#;
    let (status, answer) = send(&endpoint, FORM, "none", body).await;
    assert_eq!((status, &answer["events"][0]["event_type"]), (200, &json!("message.received")), "{answer}");
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"MessageSid\"\r\n\r\nSM3\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"SmsStatus\"\r\n\r\nreceived\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"From\"\r\n\r\n+3\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"Body\"\r\n\r\nhi\r\n--b--\r\n";
    let (status, answer) = send(&endpoint, "multipart/form-data; boundary=b", "none", multipart).await;
    assert_eq!((status, &answer["events"][0]["event_type"]), (200, &json!("message.received")), "{answer}");
    assert_eq!(server.last_log("sms").await["user_id"], "+3");
    // Neither JSON nor a form that can be read: it is logged, and nothing is lost.
    let (status, answer) = send(&endpoint, "multipart/form-data; boundary=c", "none", multipart).await;
    assert_eq!((status, &answer["events"][0]["outcome"]), (200, &json!("rejected")), "{answer}");
}
