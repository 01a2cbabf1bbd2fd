//! Pages as the server sends them, without a browser.

use std::time::{Duration, Instant};

use inlet_system_tests::{MANAGEMENT_TOKEN, SEGMENT_SECRET, Server, hmac_sha1, track};
use serde_json::json;

/// A session of the dashboard.
struct Session {
    client: reqwest::Client,
    base: String,
    cookie: String,
}

impl Session {
    async fn begin(server: &Server, token: &str) -> Self {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = client
            .post(format!("{}/sign-in", server.admin))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={token}"));
        let answer = request.send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { client, base: server.admin.clone(), cookie }
    }

    async fn get(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.base)).header("cookie", &self.cookie);
        let request = request.header("accept", "text/html");
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Sends a form, and returns the status and the page.
    async fn post(&self, path: &str, form: &str) -> (u16, String) {
        let html = self.get("/sources").await;
        let (_, rest) = html.split_once(r#"name="csrf" value=""#).unwrap();
        let csrf = rest.split('"').next().unwrap();
        let request = self
            .client
            .post(format!("{}{path}", self.base))
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("csrf={csrf}&{form}"));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test]
async fn a_refused_secret_is_entered_again_and_a_right_one_verifies_what_was_refused() {
    let server = Server::start().await;
    let web = server.source("web", "segment", json!({"signing_secret": "a typo"}), json!([])).await;
    let body = track("Paid", "u_1", "m-1", json!({}));
    let signature = hmac_sha1(SEGMENT_SECRET, body.as_bytes());
    assert_eq!(web.post(body).header("x-signature", signature).send().await.unwrap().status(), 401);
    let session = Session::begin(&server, MANAGEMENT_TOKEN).await;
    let (settings, secret) = ("/e/development/sources/web/settings", "/e/development/sources/web/settings/secret");
    let deadline = Instant::now() + Duration::from_secs(10);
    while !session.get(settings).await.contains("Verify the refused request with it") {
        assert!(Instant::now() < deadline, "the settings offer to verify it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let too_long = format!("signing_secret={}", "x".repeat(17_000));
    let (status, page) = session.post(secret, &too_long).await;
    assert!(status == 422 && page.contains("field-error") && page.contains("Save the secret"), "{status} {page}");
    let right = format!("signing_secret={SEGMENT_SECRET}&overlap_seconds=0&verify_refused=true");
    let (status, page) = session.post(secret, &right).await;
    assert_eq!(status, 303, "{page}");
    let log = server.last_log("web").await;
    assert_eq!(log["verification_status"], "enforced:verified", "{log}");
}

#[tokio::test]
async fn a_sender_without_a_secret_gets_one_suggested() {
    let server = Server::start().await;
    server.source("api", "http", json!({}), json!([])).await;
    let session = Session::begin(&server, MANAGEMENT_TOKEN).await;
    let set_up = "/e/development/sources/api/set-up";
    let page = session.get(set_up).await;
    assert!(page.contains("Enter it at the sender") && page.contains("Copy the suggested secret"), "{page}");
    let suggested = |page: &str| {
        let (_, rest) = page.split_once(r#"name="signing_secret" type="text" value=""#).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (first, second) = (suggested(&page), suggested(&session.get(set_up).await));
    assert!(first.len() == 48 && first != second, "{first} {second}");

    let secret = "/e/development/sources/api/settings/secret";
    let too_long = format!("back={set_up}&kind=write_key&signing_secret={}", "x".repeat(17_000));
    let (status, page) = session.post(secret, &too_long).await;
    assert!(status == 422 && page.contains("field-error") && page.contains("Arrivals in development"), "{page}");
    assert!(page.contains(r#"<option value="write_key" selected>"#), "{page}");
    let (status, page) = session.post(secret, &format!("back={set_up}&signing_secret={first}")).await;
    assert_eq!(status, 303, "{page}");
    assert!(session.get(set_up).await.contains("Replace it in the settings"));
}

#[tokio::test]
async fn a_reader_is_offered_no_changes_and_sees_wrong_urls_without_a_source() {
    let server = Server::start().await;
    let wrong = format!("{}//integrations/receive/nobody", server.base);
    assert_eq!(server.client.post(wrong).body("{}").send().await.unwrap().status(), 404);
    let reader = server.management_token(json!({"name": "Ana", "scopes": ["read"]})).await;
    let (reader, admin) = (Session::begin(&server, &reader).await, Session::begin(&server, MANAGEMENT_TOKEN).await);
    let page = reader.get("/").await;
    assert!(page.contains("Nothing flows in yet") && page.contains("The URL has a slash too many"), "{page}");
    assert!(!page.contains("/sources/new"), "{page}");
    assert!(admin.get("/").await.contains("/sources/new"));

    server.source("shop", "http", json!({}), json!([])).await;
    let page = reader.get("/").await;
    assert!(
        page.contains("No targets yet") && !page.contains("/targets/~new") && !page.contains("/sources/new"),
        "{page}"
    );
    assert!(admin.get("/").await.contains("/targets/~new"));
}
