//! Secrets never reach a plugin, a log or an answer. The test puts a canary into everything that a sender or an
//! operator can provide.
//!
//! Listed headers, bodies and paths are kept by design. They get other canaries, which must be found, so that the test
//! can fail.

use inlet_system_tests::{Server, all_files, read_json};
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};

/// The canary for places from which it must not come out.
const CANARY: &str = "canary-5f1d9c";
/// The canary for places that are kept by design.
const KEPT: &str = "kept-71b04e";

/// All request headers in the HTTP registry, credentials, and made-up ones, except those that frame or route the
/// message.
const HEADERS: [&str; 46] = [
    "accept",
    "accept-charset",
    "accept-language",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-language",
    "content-location",
    "content-md5",
    "content-type",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "forwarded",
    "from",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "idempotency-key",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "range",
    "referer",
    "set-cookie",
    "signature",
    "traceparent",
    "tracestate",
    "user-agent",
    "via",
    "warning",
    "www-authenticate",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-forwarded-for",
    "x-real-ip",
    "x-signature",
    "x-webhook-secret",
];

/// Returns everything that the server emits: its log, its metrics and its answers.
async fn said(server: &Server) -> Vec<(String, String)> {
    let mut found = vec![("the server's log".to_owned(), server.log())];
    for path in ["/metrics", "/readyz", "/openapi.json"] {
        let answer = server.client.get(format!("{}{path}", server.admin)).send().await.unwrap();
        found.push((path.to_owned(), answer.text().await.unwrap()));
    }
    for key in ["http", "rudderstack", "segment"] {
        let lists =
            ["", "/status", "/events", "/logs?include=actions&limit=100", "/refused?limit=100", "/replays?limit=100"];
        for path in lists {
            let separator = if path.contains('?') { '&' } else { '?' };
            let path = format!("/v1/sources/{key}{path}{separator}environment=development");
            found.push((path.clone(), server.get(&path).await.to_string()));
        }
    }
    for path in ["/v1/sources?include=environment_settings", "/v1/changes?limit=100", "/v1/environments"] {
        found.push((path.to_owned(), server.get(path).await.to_string()));
    }
    found
}

#[tokio::test]
async fn a_secret_in_every_header_query_and_setting_comes_out_nowhere() {
    let server = Server::start().await;
    let mut answers: Vec<(String, Value)> = Vec::new();
    for (key, enforced) in [("http", false), ("rudderstack", false), ("segment", true)] {
        let settings = json!({
            "signing_secret": CANARY, "enforce_verification": enforced, "keep_headers": ["x-listed"],
        });
        let endpoint = server.source(key, key, settings, json!([])).await;
        // The first secret is then the previous one, which is still a secret.
        let again = json!({"signing_secret": format!("{CANARY}-2"), "enforce_verification": enforced});
        server.source(key, key, again, json!([])).await;
        let query = format!("{CANARY}={CANARY}&token={CANARY}&secret={CANARY}&x=Bearer+{CANARY}");
        let mut request = endpoint.post(json!({"type": "track", "event": KEPT, "userId": "u"}).to_string());
        // The two platforms list their user agent, so it is kept.
        for name in HEADERS.iter().filter(|name| **name != "user-agent" || key == "http") {
            let value = HeaderValue::from_str(&format!("Bearer {CANARY}")).unwrap();
            request = request.header(HeaderName::from_static(name), value);
        }
        // The name of a header can be a secret by mistake.
        request = request.header(CANARY, "1").header("x-listed", format!("{KEPT}-header"));
        let mut request = request.build().unwrap();
        request.url_mut().set_query(Some(&query));
        let answer = server.client.execute(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), if enforced { 401 } else { 200 }, "{key}");
        answers.push((format!("the answer of {key}"), read_json(answer).await));
        // Requests that are refused as well.
        for (method, path) in [("DELETE", "/"), ("POST", "/../x")] {
            let url = format!("{}{path}?{query}", endpoint.url.replace("/receive/", "/receive/0"));
            let answer = server.client.request(method.parse().unwrap(), url).header("cookie", CANARY).send().await;
            answers.push((format!("{method} of nothing"), Value::String(answer.unwrap().text().await.unwrap())));
        }
    }
    let said = said(&server).await;
    let answers = answers.iter().map(|(place, answer)| (place.clone(), answer.to_string()));
    let everything: Vec<(String, String)> = said.into_iter().chain(answers).collect();
    for (place, text) in &everything {
        assert!(!text.contains(CANARY), "{place}: {text}");
    }
    // Values that are kept by design are found, so the search works.
    for kept in [KEPT.to_owned(), format!("{KEPT}-header")] {
        assert!(everything.iter().any(|(_, text)| text.contains(&kept)), "{kept}");
    }
    let files = all_files(server.data_dir());
    assert!(files.iter().any(|(path, _)| path.ends_with("inlet.db-wal")), "{files:?}");
    let holds = |bytes: &[u8], wanted: &str| bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes());
    for (path, bytes) in &files {
        assert!(!holds(bytes, CANARY), "{}", path.display());
    }
    assert!(files.iter().any(|(_, bytes)| holds(bytes, KEPT)));
}
