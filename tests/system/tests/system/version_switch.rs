//! Switching a source to another plugin version: the conditions, and the required scopes.

use inlet_system_tests::{Endpoint, Server, http_changed, http_version, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

/// Returns a version that verifies the header `x-other-secret`.
fn with_other_header(version: &str) -> Vec<u8> {
    http_changed("acme/http", version, |manifest| {
        manifest["verification"] = json!({
            "scheme": "shared_secret", "header": "x-other-secret",
            "vectors": [{
                "name": "the secret", "secret": "s3cr3t", "headers": {"x-other-secret": "s3cr3t"}, "body": "{}",
                "verified": true,
            }],
        });
    })
}

/// HMAC-SHA256 of `{}` with the key AB12.
const SIGNATURE: &str = "f034cb911991998582b0176b9a05b81323373b272cc1a52702449d90734f0bd7";

/// Returns a version whose signing key is hexadecimal.
fn with_hex_key(version: &str) -> Vec<u8> {
    http_changed("acme/http", version, |manifest| {
        manifest["verification"] = json!({
            "scheme": "signature", "header": "x-signature", "algorithm": "hmac_sha256", "encoding": "hex",
            "secret": {"encoding": "hex"}, "signed": ["{body}"],
            "uncovered": "Everything but the body.",
            "vectors": [{
                "name": "signed", "secret": "ab12", "headers": {"x-signature": SIGNATURE}, "body": "{}", "verified": true,
            }],
        });
    })
}

/// Returns a version without verification.
fn without_verification(version: &str) -> Vec<u8> {
    http_changed("acme/http", version, |manifest| {
        manifest.as_object_mut().unwrap().remove("verification");
    })
}

async fn add(server: &Server, wasm: &[u8]) {
    let (status, answer) = server.add_version("acme/http", "", wasm).await;
    assert_eq!(status, 201, "{answer}");
}

async fn refused(server: &Server, version: &str) -> String {
    let (status, answer) = server.use_version("crm", version, true).await;
    assert_eq!(status, 409, "{answer}");
    answer["message"].as_str().unwrap().to_owned()
}

async fn roll_back(server: &Server, confirm: bool) -> (u16, Value) {
    let asked = json!({"rollback": true, "confirm": confirm});
    let response = server
        .manage(Method::POST, "/v1/sources/crm/plugin?environment=development")
        .json(&asked)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), read_json(response).await)
}

async fn set(server: &Server, settings: Value) {
    server.source("crm", "acme/http", settings, json!([])).await;
}

async fn accepts(endpoint: &Endpoint, header: &str, secret: &str) {
    let response = endpoint.post(track("E", "u", "", json!({}))).header(header, secret).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn an_enforced_source_never_gets_a_verification_that_it_cannot_pass() {
    let server = Server::start().await;
    add(&server, &http_version("acme/http", "1.0.0")).await;
    let endpoint = server.source("crm", "acme/http", json!({"signing_secret": "s3cr3t"}), json!([])).await;
    for wasm in [without_verification("2.0.0"), with_hex_key("3.0.0"), with_other_header("4.0.0")] {
        add(&server, &wasm).await;
    }
    insta::assert_snapshot!(refused(&server, "2.0.0").await, @"the version 2.0.0 was not taken: it verifies in another way than is in force (header, scheme differ), and that cannot be taken yet: enforce_verification: this provider has no verification scheme, so nothing could be accepted; set it to false, or set a write_key");
    insta::assert_snapshot!(refused(&server, "3.0.0").await, @"the version 3.0.0 was not taken: it verifies in another way than is in force (algorithm, encoding, header, scheme, secret, signed differ), and that cannot be taken yet: signing_secret: no key can be made of it: expected hexadecimal digits; set one that is good for both, or take it away (signing_secret null, enforce_verification false) and set the new one afterwards");
    accepts(&endpoint, "x-webhook-secret", "s3cr3t").await;

    // A kept header would store the credential.
    set(&server, json!({"keep_headers": ["x-other-secret"]})).await;
    insta::assert_snapshot!(refused(&server, "4.0.0").await, @r#"the version 4.0.0 was not taken: it verifies in another way than is in force (header differ), and that cannot be taken yet: keep_headers: "x-other-secret" holds a credential and never leaves the door; take it out of the list"#);
    set(&server, json!({"keep_headers": null})).await;
    assert_eq!(server.use_version("crm", "4.0.0", true).await.0, 200);
    accepts(&endpoint, "x-other-secret", "s3cr3t").await;
    assert_eq!(roll_back(&server, true).await.0, 200);

    // With a secret that is valid for both, the version is accepted after the replaced secret has expired.
    set(&server, json!({"signing_secret": "ab12"})).await;
    insta::assert_snapshot!(refused(&server, "3.0.0").await, @"the version 3.0.0 was not taken: it verifies in another way than is in force (algorithm, encoding, header, scheme, secret, signed differ), and that cannot be taken yet: the previous signing_secret, which is still good: no key can be made of it: expected hexadecimal digits; end it with signing_secret_overlap_seconds 0, or wait until it ends");
    set(&server, json!({"signing_secret_overlap_seconds": 0})).await;
    assert_eq!(server.use_version("crm", "3.0.0", true).await.0, 200);
}

#[tokio::test]
async fn going_back_is_held_against_the_settings_too() {
    let server = Server::start().await;
    add(&server, &without_verification("1.0.0")).await;
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    add(&server, &http_version("acme/http", "2.0.0")).await;
    assert_eq!(server.use_version("crm", "2.0.0", true).await.0, 200);
    // A change of verification needs a confirmation, also towards the earlier one.
    let (status, answer) = roll_back(&server, false).await;
    assert_eq!(status, 409);
    insta::assert_snapshot!(answer["message"].as_str().unwrap(), @"the version 1.0.0 was not taken: it verifies in another way than is in force: header, scheme differ; look at it, and send confirm true (inlet plugin rollback --confirm)");
    set(&server, json!({"signing_secret": "s3cr3t"})).await;
    let (status, answer) = roll_back(&server, true).await;
    assert_eq!(status, 409);
    insta::assert_snapshot!(answer["message"].as_str().unwrap(), @"the version 1.0.0 was not taken: it verifies in another way than is in force (header, scheme differ), and that cannot be taken yet: enforce_verification: this provider has no verification scheme, so nothing could be accepted; set it to false, or set a write_key");
    accepts(&endpoint, "x-webhook-secret", "s3cr3t").await;
    set(&server, json!({"enforce_verification": false})).await;
    assert_eq!(roll_back(&server, true).await.0, 200);
    endpoint.expect(track("E", "u", "", json!({})), &["logged"]).await;
}

/// Returns a version with an option `region` of this type.
fn with_option(version: &str, of_type: &str) -> Vec<u8> {
    http_changed("acme/http", version, |manifest| {
        manifest["options"] =
            json!({"type": "object", "properties": {"region": {"type": of_type}}, "additionalProperties": false});
    })
}

#[tokio::test]
async fn who_follows_latest_stays_with_what_takes_its_options_and_the_status_says_why() {
    let server = Server::start().await;
    add(&server, &with_option("1.0.0", "string")).await;
    let endpoint = server.source("crm", "acme/http", json!({"options": {"region": "eu"}}), json!([])).await;
    assert_eq!(server.use_version("crm", "latest", false).await.0, 200);
    add(&server, &with_option("2.0.0", "integer")).await;
    let version = async || {
        endpoint.expect(track("E", "u", "", json!({})), &["logged"]).await;
        server.last_log("crm").await["plugin"]["version"].clone()
    };
    assert_eq!(version().await, "1.0.0");
    insta::assert_snapshot!(server.notes("crm").await, @r#"in development the source follows latest and stays with the version 1.0.0, because of 2.0.0: it does not take the source's options: options.region: expected integer, found "eu"; look at it, and use 2.0.0 with POST /v1/sources/{key}/plugin and confirm true"#);
    insta::assert_snapshot!(refused(&server, "latest").await, @r#"the version 2.0.0 was not taken: it does not take the source's options: options.region: expected integer, found "eu"; what follows latest gets only versions that do: use 2.0.0 by its number with confirm true, correct the options, and let it follow latest then"#);
    assert_eq!(server.use_version("crm", "2.0.0", false).await.0, 409);

    assert_eq!(server.use_version("crm", "2.0.0", true).await.0, 200);
    set(&server, json!({"options": {"region": 7}})).await;
    assert_eq!(server.use_version("crm", "latest", false).await.0, 200);
    assert_eq!((version().await, server.notes("crm").await), (json!("2.0.0"), String::new()));
    add(&server, &with_option("2.1.0", "integer")).await;
    assert_eq!(version().await, "2.1.0");
    add(&server, &with_other_header("3.0.0")).await;
    insta::assert_snapshot!(server.notes("crm").await, @r#"in development the source follows latest and stays with the version 2.1.0, because of 3.0.0: it verifies in another way than is in force: header differ; and it does not take the source's options: options.region: the plugin "acme/http" has no settings of its own; look at it, and use 3.0.0 with POST /v1/sources/{key}/plugin and confirm true"#);
}

#[tokio::test]
async fn who_is_limited_does_not_learn_which_other_environments_there_are() {
    let server = Server::start().await;
    add(&server, &http_version("acme/http", "1.0.0")).await;
    server.source("crm", "acme/http", json!({}), json!([])).await;
    let limited = json!({"name": "p", "scopes": ["operate"], "environments": ["production"]});
    let token = server.management_token(limited).await;
    for (path, members) in [
        ("plugin", json!({"version": "1.0.0"})),
        ("plugin/compare", json!({"new": "1.0.0"})),
        ("rotate_endpoint", json!({})),
    ] {
        let answer = async |environment: &str| {
            let path = format!("/v1/sources/crm/{path}?environment={environment}");
            let request = server.request_with(&token, Method::POST, &path);
            let response = request.json(&members).send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        };
        let other = answer("development").await;
        assert_eq!(other.0, 403, "{path}: {other:?}");
        assert_eq!(other, answer("nowhere").await, "{path}");
        assert_eq!(answer("production").await.0, 200, "{path}");

        let mut in_body = members.clone();
        in_body["environment"] = json!("production");
        for query in ["", "?environment=production"] {
            let path = format!("/v1/sources/crm/{path}{query}");
            let response = server.manage(Method::POST, &path).json(&in_body).send().await.unwrap();
            let (status, answer) = (response.status().as_u16(), read_json(response).await);
            assert_eq!((status, &answer["field"]), (422, &json!("environment")), "{path}: {answer}");
            assert!(answer["message"].as_str().unwrap().contains("send it as ?environment="), "{path}: {answer}");
        }
    }
}
