//! Platforms that sign with a JSON Web Token, and platforms with several schemes.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use inlet_system_tests::{Endpoint, Server, http_changed};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::signatures::{SECRET, now, signature};

const BODY: &str = r#"{"type":"track","event":"a"}"#;

async fn source(verification: Value, secret: &str) -> (Server, Endpoint) {
    let server = Server::start().await;
    let wasm = http_changed("acme/tokens", "1.0.0", |manifest| {
        manifest["manifest"] = json!(2);
        manifest["query"] = json!(["*"]);
        manifest["verification"] = verification;
    });
    let (status, answer) = server.add_version("acme/tokens", "", &wasm).await;
    assert_eq!(status, 201, "{answer}");
    let endpoint = server.source("tokens", "acme/tokens", json!({"signing_secret": secret}), json!([])).await;
    (server, endpoint)
}

fn vector(headers: Value) -> Value {
    json!([{"name": "none", "secret": SECRET, "headers": headers, "body": "", "verified": false}])
}

fn token(algorithm: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": algorithm})), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_token_opens_for_its_body_once_and_no_plugin_sees_it() {
    let (server, endpoint) = source(
        json!({
            "scheme": "jwt", "query": "token", "algorithm": "hs256", "tolerance_seconds": 5, "max_age_seconds": 300,
            "body_sha256": "body", "uncovered": "The rest of the query.", "vectors": vector(json!({})),
        }),
        SECRET,
    )
    .await;
    let send = async |token: &str, body: &str| {
        let at = Endpoint::at(&server, format!("{}?a=1&token={token}", endpoint.url));
        at.post(body.to_owned()).send().await.unwrap().status().as_u16()
    };
    let hash = hex::encode(Sha256::digest(BODY));
    let genuine = token("HS256", &json!({"iat": now(), "body": hash}));
    assert_eq!(send(&genuine, BODY).await, 200);
    assert_eq!(send(&genuine, BODY).await, 200, "the same again is answered as then");
    assert_eq!(send(&genuine, &BODY.replace("\"a\"", "\"b\"")).await, 401, "another body");
    for (name, refused) in [
        ("another algorithm", token("none", &json!({"iat": now(), "body": hash}))),
        ("too old", token("HS256", &json!({"iat": now() - 301, "body": hash}))),
        ("from the future", token("HS256", &json!({"iat": now() + 60, "body": hash}))),
        ("without a time", token("HS256", &json!({"body": hash}))),
        ("without a hash", token("HS256", &json!({"iat": now()}))),
        ("none", String::new()),
    ] {
        assert_eq!(send(&refused, BODY).await, 401, "{name}");
    }
    let logs = server.logs("tokens").await;
    assert_eq!((logs.len(), &logs[0]["resends"]), (1, &json!(1)), "{logs:?}");
    let shown = server.get("/v1/sources/tokens/refused?environment=development").await.to_string();
    for text in [shown, logs[0].to_string(), server.log()] {
        assert!(!text.contains(&genuine), "a token is a credential: {text}");
    }
}

#[tokio::test]
async fn a_name_and_a_password_are_a_secret() {
    let verification = json!({"scheme": "basic", "vectors": vector(json!({"authorization": "Basic eDp5"}))});
    let (server, endpoint) = source(verification, "inlet:pass word").await;
    let send = async |value: &str| {
        let sent = endpoint.post(BODY).header("authorization", format!("Basic {value}")).send().await.unwrap();
        sent.status().as_u16()
    };
    assert_eq!(send(&STANDARD.encode("inlet:pass word")).await, 200);
    assert_eq!(send(&STANDARD.encode("inlet:password")).await, 401);
    assert_eq!(send("inlet:pass word").await, 401);
    // A request that was refused is verified again by its hash, because the secret itself is not kept.
    let change = json!({
        "name": "tokens", "preconfigured_provider": "acme/tokens",
        "environment_settings": {"development": {"settings": {"signing_secret": "inlet:password"}, "mappings": []}},
    });
    assert_eq!(server.try_put_source("tokens", "development", change).await.0, 200);
    let verify = "/v1/sources/tokens/refused/verify?environment=development";
    let answer = server.manage(reqwest::Method::POST, verify).json(&json!({})).send().await.unwrap();
    assert!(answer.status().is_success());
    assert_eq!(server.logs("tokens").await.len(), 2);
}

#[tokio::test]
async fn either_family_of_headers_is_taken_and_they_are_never_mixed() {
    let family = |name: &str| {
        json!({
            "scheme": "signature", "header": format!("{name}-signature"), "algorithm": "hmac_sha256", "encoding": "base64",
            "list": {"separator": " ", "assign": ",", "signature": "v1"}, "secret": {"encoding": "base64", "prefix": "whsec_"},
            "timestamp": {"header": format!("{name}-timestamp"), "unit": "seconds", "tolerance_seconds": 300},
            "id": {"header": format!("{name}-id")}, "signed": ["{id}.{timestamp}.{body}"],
        })
    };
    let any_of = json!([family("svix"), family("webhook")]);
    let verification = json!({"scheme": "any_of", "any_of": any_of, "vectors": vector(json!({}))});
    let (server, endpoint) = source(verification, SECRET).await;
    let send = async |id: &str, families: [&str; 3]| {
        let (at, [of_id, of_time, of_signature]) = (now(), families);
        let request = endpoint.post(BODY).header(format!("{of_id}-id"), id);
        let request = request.header(format!("{of_time}-timestamp"), at.to_string());
        let request = request.header(format!("{of_signature}-signature"), signature(SECRET, id, at, BODY));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(send("msg_1", ["svix"; 3]).await, 200);
    assert_eq!(send("msg_2", ["webhook"; 3]).await, 200);
    assert_eq!(send("msg_3", ["svix", "webhook", "webhook"]).await, 401);
    assert_eq!(send("msg_4", ["webhook", "svix", "svix"]).await, 401);
    let mut kept = server.get("/v1/sources/tokens?environment=development").await;
    let settings = &mut kept["environment_settings"]["development"]["settings"];
    assert_eq!(settings["verification_header"], Value::Null, "there is no single one: {settings}");
}
