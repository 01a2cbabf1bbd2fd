//! Bodies that are larger than the API takes. The answer can be read, though the client still sends.

use std::time::Duration;

use inlet_system_tests::{Server, raw_http, read_json};
use reqwest::Method;
use serde_json::json;

/// More than the 5 MiB that the API takes, and more than the sockets' buffers hold.
const LARGE: usize = 6 << 20;

#[tokio::test]
async fn a_body_of_6_mib_is_413_and_no_reset() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    let body = json!({"blob": "x".repeat(LARGE)}).to_string();
    for (method, path) in [
        (Method::PUT, "/v1/users/ana"),
        (Method::PUT, "/v1/objects/projects/p1"),
        (Method::PUT, "/v1/tenants/acme"),
        (Method::POST, "/v1/workflows/order/trigger"),
        (Method::POST, "/v1/users/bulk/identify"),
        (Method::POST, "/v1/audiences/trial/members"),
    ] {
        let request = server.request_with(&key, method, path).header("content-type", "application/json");
        let response = request.body(body.clone()).send().await.unwrap();
        let (status, answer) = (response.status().as_u16(), read_json(response).await);
        assert_eq!((status, &answer["code"]), (413, &json!("payload_too_large")), "{path}: {answer}");
        assert_eq!(answer["message"], "the body is over the limit of 5242880 bytes", "{path}");
    }
    let (status, users) = server.get_with_key(&key, "/v1/users").await;
    assert_eq!((status, &users["entries"]), (200, &json!([])));
}

/// The body is refused unread, for each reason that is found before it.
#[tokio::test]
async fn a_large_body_that_nobody_reads_is_no_reset() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    let body = "x".repeat(LARGE);
    for (token, method, path, status) in [
        ("sk_unknown", Method::PUT, "/v1/users/ana", 401),
        (&*key, Method::PUT, "/v1/users/ana?nonsense=1", 422),
        (&*key, Method::PUT, "/v1/users/a%2Fb", 413),
        (&*key, Method::PATCH, "/v1/users/ana", 405),
        (&*key, Method::PUT, "/v1/nothing", 404),
        (&*key, Method::PUT, "/v1/sources/s?environment=development", 403),
    ] {
        let response = server.request_with(token, method, path).body(body.clone()).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
    }
}

/// A body without an announced length is read up to the limit.
#[tokio::test]
async fn a_large_body_in_chunks_is_413_and_the_connection_is_good_for_the_next() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 20, "x".repeat(1 << 20));
    let head = format!(
        "PUT /v1/users/ana HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    let mut connection = raw_http::Connection::open(&server.admin).await.unwrap();
    connection.send(format!("{head}{}0\r\n\r\n", chunk.repeat(6)).as_bytes()).await;
    let answer = connection.answer(Duration::from_secs(30)).await.unwrap();
    assert_eq!(raw_http::status(&answer), 413, "{answer}");
    let get = format!("GET /v1/users HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\r\n");
    assert!(connection.send(get.as_bytes()).await);
    let answer = connection.answer(Duration::from_secs(30)).await.unwrap();
    assert_eq!(raw_http::status(&answer), 200, "{answer}");
}
