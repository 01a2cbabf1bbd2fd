//! CORS at an endpoint whose source allows origins, and nowhere else.

use inlet_system_tests::{Endpoint, Server, ServerOptions, track};
use reqwest::{Method, Response, header::HeaderMap};
use serde_json::json;

const APP: &str = "https://app.example.com";

async fn preflight(server: &Server, url: &str, origin: Option<&str>) -> Response {
    let request = server.client.request(Method::OPTIONS, url).header("access-control-request-method", "POST");
    let request = request.header("access-control-request-headers", "authorization,content-type");
    let request = match origin {
        Some(origin) => request.header("origin", origin),
        None => request,
    };
    request.send().await.unwrap()
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn preflights_are_answered_where_origins_are_allowed() {
    let server = Server::start().await;
    let endpoint = server.source("http", "http", json!({"allowed_origins": [APP]}), json!([])).await;
    let answer = preflight(&server, &format!("{}/v1/p", endpoint.url), Some(APP)).await;
    assert_eq!(answer.status(), 204);
    let headers = answer.headers();
    assert_eq!(text(headers, "access-control-allow-origin"), Some(APP));
    assert!(text(headers, "access-control-allow-methods").unwrap().contains("POST"));
    assert_eq!(text(headers, "access-control-allow-headers"), Some("authorization,content-type"));
    assert_eq!((text(headers, "access-control-max-age"), text(headers, "vary")), (Some("7200"), Some("origin")));
    assert_eq!(text(headers, "access-control-allow-credentials"), None);

    let other = preflight(&server, &endpoint.url, Some("https://evil.example")).await;
    assert_eq!((other.status().as_u16(), text(other.headers(), "access-control-allow-origin")), (403, None));
    assert_eq!(text(other.headers(), "vary"), Some("origin"));
    assert_eq!(preflight(&server, &endpoint.url, None).await.status(), 405, "no page asks");
    let plain = server.client.request(Method::OPTIONS, &endpoint.url).header("origin", APP).send().await.unwrap();
    assert_eq!(plain.status(), 405, "no preflight");

    let without = server.source("segment", "segment", json!({}), json!([])).await;
    let answer = preflight(&server, &without.url, Some(APP)).await;
    assert_eq!((answer.status().as_u16(), text(answer.headers(), "access-control-allow-origin")), (405, None));
    let sent = without.post(track("E", "u", "m", json!({}))).header("origin", APP).send().await.unwrap();
    assert_eq!((text(sent.headers(), "access-control-allow-origin"), text(sent.headers(), "vary")), (None, None));
    for path in ["/v1/sources", "/healthz", "/integrations/receive/unknown"] {
        let answer = preflight(&server, &format!("{}{path}", server.base), Some(APP)).await;
        assert_eq!(text(answer.headers(), "access-control-allow-origin"), None, "{path}");
    }
    let any = server.source("http", "http", json!({"allowed_origins": ["*"]}), json!([])).await;
    let answer = preflight(&server, &any.url, Some("https://any.example")).await;
    assert_eq!((answer.status().as_u16(), text(answer.headers(), "access-control-allow-origin")), (204, Some("*")));
}

/// Sends a request of a page, and expects a status that the page can read.
async fn readable(endpoint: &Endpoint, method: Method, headers: &[(&str, &str)], body: String, expected: u16) {
    let client = reqwest::Client::new();
    let mut request = client.request(method, &endpoint.url).header("origin", APP).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), expected);
    assert_eq!(text(answer.headers(), "access-control-allow-origin"), Some(APP), "{expected}");
    assert_eq!(text(answer.headers(), "vary"), Some("origin"), "{expected}");
}

#[tokio::test]
async fn a_page_can_read_every_answer_errors_included() {
    let options = ServerOptions::default().env("INLET_TRUSTED_PROXIES", r#"["127.0.0.1"]"#);
    let server = Server::start_with(options).await;
    let settings = json!({"allowed_origins": [APP], "write_key": "wk", "max_body_bytes": 1000, "on_reject": "refuse"});
    let endpoint = server.source("http", "http", settings, json!([])).await;
    let event = track("E", "u", "m", json!({}));
    let basic = ("authorization", "Basic d2s6");
    readable(&endpoint, Method::POST, &[basic, ("content-type", "text/plain")], event.clone(), 200).await;
    readable(&endpoint, Method::POST, &[], event.clone(), 401).await;
    readable(&endpoint, Method::GET, &[basic], String::new(), 405).await;
    readable(&endpoint, Method::POST, &[basic], "x".repeat(1001), 413).await;
    readable(&endpoint, Method::POST, &[basic, ("content-encoding", "br")], event.clone(), 415).await;
    readable(&endpoint, Method::POST, &[basic, ("content-encoding", "gzip")], event.clone(), 400).await;
    readable(&endpoint, Method::POST, &[basic], "{}".to_owned(), 422).await;
    let other = endpoint.post(event).header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!((other.status().as_u16(), text(other.headers(), "access-control-allow-origin")), (401, None));
    // A flood of refused requests from one address is answered 429.
    for _ in 0..400 {
        let request = endpoint.post("{}").header("origin", APP).header("x-forwarded-for", "198.51.100.1");
        let answer = request.send().await.unwrap();
        assert_eq!(text(answer.headers(), "access-control-allow-origin"), Some(APP));
        if answer.status() == 429 {
            assert_eq!(text(answer.headers(), "access-control-expose-headers"), Some("retry-after"));
            return;
        }
    }
    panic!("no request was answered 429");
}
