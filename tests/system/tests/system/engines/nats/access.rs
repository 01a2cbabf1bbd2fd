//! Servers that ask for credentials or for TLS, and subjects that no stream stores.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};

use super::{
    super::{Shop, turn, wait_for},
    Nats,
};

/// Sends an order to a server that asks for credentials, first without and then with them.
async fn needs_credentials(arguments: &[&str], url: &str, credentials: Value) {
    let Some(_turn) = turn().await else { return };
    let nats = Nats::start(arguments).await;
    let consumer = nats.consumer(url).await;
    let shop = Shop::open(nats.target()).await;
    shop.order("o-1", "executed").await;
    let target = shop.target_in("paused").await;
    assert!(target["state_reason"].as_str().unwrap().contains("does not accept the credentials"), "{target}");
    assert_eq!(target["open_deliveries"], 1, "{target}");

    shop.put_target(credentials).await;
    shop.put_target(json!({"active": true})).await;
    let delivery = shop.delivered(1).await.remove(0);
    let ran = consumer.ran(1).await;
    assert_eq!((ran.len(), &json!(ran[0].id)), (1, &delivery["key"]));
}

#[tokio::test]
async fn a_target_without_the_servers_token_is_paused_until_it_has_it() {
    needs_credentials(&["--auth", "a-token"], "nats://a-token@", json!({"token": "a-token"})).await;
}

#[tokio::test]
async fn a_target_without_the_servers_password_is_paused_until_it_has_it() {
    let credentials = json!({"password": "a-password", "options": {"user": "inlet"}});
    needs_credentials(&["--user", "inlet", "--pass", "a-password"], "nats://inlet:a-password@", credentials).await;
}

#[tokio::test]
async fn a_message_is_published_over_tls() {
    let Some(_turn) = turn().await else { return };
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let (certificate, key) = (files.path().join("certificate.pem"), files.path().join("key.pem"));
    fs::write(&certificate, pem("CERTIFICATE", cert.der())).unwrap();
    fs::write(&key, pem("PRIVATE KEY", &signing_key.serialize_der())).unwrap();
    let arguments = ["--tls", "--tlscert", certificate.to_str().unwrap(), "--tlskey", key.to_str().unwrap()];
    let nats = Nats::start(&arguments).await;
    fs::copy(&certificate, nats.data.path().join("certificate.pem")).unwrap();
    let consumer = nats.consumer("tls://").await;
    let mut target = nats.target();
    target["url"] = format!("tls://127.0.0.1:{}", nats.port).into();
    let shop = Shop::open_trusting(target, &certificate).await;
    shop.order("o-1", "executed").await;
    let delivery = shop.delivered(1).await.remove(0);
    assert_eq!(json!(consumer.ran(1).await[0].id), delivery["key"]);
}

#[tokio::test]
async fn a_subject_without_a_stream_fails_until_a_stream_has_it() {
    let Some(_turn) = turn().await else { return };
    let nats = Nats::start(&[]).await;
    let shop = Shop::open(nats.target()).await;
    shop.order("o-1", "executed").await;
    let failed = async || shop.list().await.into_iter().find(|delivery| !delivery["last_response"].is_null());
    let failed = wait_for("an attempt", failed).await;
    let response = &failed["last_response"];
    assert_eq!(
        (&failed["status"], &response["status"], &response["body"]),
        (&json!("retrying"), &json!(503), &json!("no stream stores the subject")),
    );
    let consumer = nats.consumer("nats://").await;
    let delivery = shop.delivered(1).await.remove(0);
    assert_eq!((&delivery["key"], json!(consumer.ran(1).await[0].id)), (&failed["key"], failed["key"].clone()));
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
