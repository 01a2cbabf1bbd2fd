//! The dashboard in Chromium (`tests/system/clients/dashboard`): one scenario for each test, on a server of its own.

use inlet_system_tests::{Endpoint, MANAGEMENT_TOKEN, Receiver, Server, ServerOptions, track};
use serde_json::{Value, json};

use super::{
    clients::{is_installed, script},
    toolchains::{is_there, skipped},
};

/// Returns false, and says so, if there is no browser.
pub fn has_browser() -> bool {
    let is_there = is_there("chromium");
    if !is_there {
        skipped("the dashboard", "chromium is not there");
    }
    is_there && is_installed()
}

/// Runs a scenario to its end. It fails on messages of the console, violations of the content security policy, requests to
/// elsewhere, and what axe-core calls serious.
pub fn play(server: &Server, scenario: &str, token: &str, input: &Value) {
    script("dashboard/run.mjs", &[scenario, &server.admin, token, &input.to_string()]).patience(180).run();
}

#[tokio::test]
async fn a_person_signs_in_and_out() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let name = "<script>alert(1)</script>";
    let source = json!({"name": name, "preconfigured_provider": "http"});
    let (status, answer) = server.try_put_source("shop", "development", source).await;
    assert!(status < 300, "{answer}");
    play(&server, "sign_in", MANAGEMENT_TOKEN, &json!({"script": name}));
}

#[tokio::test]
async fn a_token_of_one_environment_sees_nothing_of_another() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    server.source("shop", "http", json!({}), json!([])).await;
    let body = json!({"name": "Ana", "scopes": ["operate"], "environments": ["development"]});
    let token = server.management_token(body).await;
    let input = json!({"own": "development", "other": "production"});
    play(&server, "limited_token", &token, &input);
}

/// A source with a user, whose events named `event` trigger a workflow for their user.
async fn shop(server: &Server, event: &str, user: &str) -> Endpoint {
    let parameters = json!({"key": "receipt", "recipients": "user_id"});
    let mapping = json!([
        {"event_type": event, "action_type": "workflows_trigger", "action_parameters": parameters},
        {"event_type": "Broken", "action_type": "workflows_trigger",
         "action_parameters": {"key": "receipt", "recipients": "data.missing"}},
    ]);
    let settings = json!({"enforce_idempotency": true, "handle_identifies": true});
    let shop = server.source("shop", "segment", settings, mapping).await;
    let identify = json!({"type": "identify", "userId": user, "messageId": "i-1", "traits": {"email": user}});
    shop.expect(identify.to_string(), &["executed"]).await;
    shop
}

/// Waits until a delivery of `development` arrived.
async fn wait_for_delivery(server: &Server) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let page = server.get("/v1/deliveries?environment=development").await;
        if page["entries"][0]["status"] == "delivered" {
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{page}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_event_is_found_in_the_logs_previewed_and_run_again() {
    if !has_browser() {
        return;
    }
    let server =
        Server::start_with(ServerOptions::default().env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]")).await;
    let receiver = Receiver::start();
    let target = json!({"target": {"kind": "webhook", "url": receiver.url}});
    let path = "/v1/targets/crm?environment=development";
    let answer = server.manage(reqwest::Method::PUT, path).json(&target).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let hostile = "</td><script>alert(1)</script>' onclick='alert(1)";
    let shop = shop(&server, hostile, "u_1").await;
    for number in 0..60 {
        shop.expect(track("Viewed", "u_1", &format!("v-{number}"), json!({})), &["logged"]).await;
    }
    shop.expect(track("Broken", "u_1", "b-1", json!({})), &["failed"]).await;
    let properties = json!({"email": "ana@example.com", hostile: hostile, "deep": {"er": {"still": [hostile]}}});
    let event = track(hostile, "u_1", "m-1", properties);
    shop.expect(event.clone(), &["executed"]).await;
    shop.expect(event, &["replayed"]).await;
    wait_for_delivery(&server).await;
    play(&server, "logs", MANAGEMENT_TOKEN, &json!({"hostile": hostile}));
}

#[tokio::test]
async fn logs_show_a_reader_nothing_personal_and_no_button_in_vain() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let secret = "ana.private@example.com";
    let shop = shop(&server, "Paid", secret).await;
    shop.expect(track("Paid", secret, "m-1", json!({"email": secret})), &["executed"]).await;
    let hidden = server
        .manage(reqwest::Method::PATCH, "/v1/environments/development")
        .json(&json!({"hide_personal_data": true}));
    let answer = hidden.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    let token = server.management_token(json!({"name": "Ana", "scopes": ["read"]})).await;
    play(&server, "logs_read", &token, &json!({"secret": secret}));
}

/// Returns the status and the location that an answer leads to.
async fn led(request: reqwest::RequestBuilder) -> (u16, Option<String>) {
    let answer = request.send().await.unwrap();
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), location)
}

#[tokio::test]
async fn a_link_signs_in_once() {
    let server = Server::start_with(ServerOptions::default().arg("--demo")).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut link = None;
    for _ in 0..600 {
        let stdout = server.stdout();
        let found = stdout.split_whitespace().find(|word| word.contains("/sign-in/"));
        link = found.map(str::to_owned);
        if link.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let link = link.expect("the demo prints a link");
    assert_eq!(led(client.get(&link)).await, (303, Some("/".to_owned())));
    assert_eq!(led(client.get(&link)).await, (401, None));
}

#[tokio::test]
async fn tries_to_sign_in_are_limited() {
    let server = Server::start().await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let try_with = async |token: &str| {
        let request = client
            .post(format!("{}/sign-in", server.admin))
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={token}"));
        led(request).await.0
    };
    let mut answers = Vec::new();
    while answers.len() < 40 && answers.last() != Some(&429) {
        answers.push(try_with("im_wrong").await);
    }
    assert!(answers.iter().filter(|status| **status == 401).count() >= 10, "{answers:?}");
    assert_eq!(answers.last(), Some(&429), "{answers:?}");
    assert_eq!(try_with(MANAGEMENT_TOKEN).await, 429, "the right token has to wait too");
}

#[tokio::test]
async fn a_change_comes_from_a_page_of_the_session() {
    let server = Server::start().await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let post = |path: &str, site: &str, cookie: &str, body: String| {
        client
            .post(format!("{}{path}", server.admin))
            .header("sec-fetch-site", site)
            .header("cookie", cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    };
    assert_eq!(led(post("/sign-in", "cross-site", "", format!("token={MANAGEMENT_TOKEN}"))).await.0, 403);
    let answer = post("/sign-in", "same-origin", "", format!("token={MANAGEMENT_TOKEN}")).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = client.get(format!("{}/sources", server.admin)).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(page.headers()["cache-control"], "no-store");
    let html = page.text().await.unwrap();
    let (_, rest) = html.split_once(r#"name="csrf" value=""#).unwrap();
    let csrf = rest.split('"').next().unwrap();

    let form = |csrf: &str| format!("csrf={csrf}&name=Staging&slug=staging");
    let path = "/settings/environments";
    assert_eq!(led(post(path, "cross-site", &cookie, form(csrf))).await.0, 403);
    assert_eq!(led(post(path, "same-origin", &cookie, form("0"))).await.0, 403);
    assert_eq!(led(post(path, "same-origin", "", form(csrf))).await, (303, Some("/sign-in".to_owned())));
    assert_eq!(led(post(path, "same-origin", &cookie, form(csrf))).await, (303, Some(path.to_owned())));
    let changes = server.get("/v1/changes").await;
    assert_eq!(changes["entries"][0]["operation"], "createEnvironment", "{changes}");

    let ended = led(post("/sign-out", "same-origin", &cookie, format!("csrf={csrf}"))).await;
    assert_eq!(ended, (303, Some("/sign-in".to_owned())));
    let after = led(client.get(format!("{}/sources", server.admin)).header("cookie", &cookie)).await;
    assert_eq!(after, (303, Some("/sign-in?next=%2Fsources".to_owned())));
}

#[tokio::test]
async fn a_session_ends_with_its_token() {
    let server = Server::start().await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let token = server.management_token(json!({"name": "Ana", "scopes": ["read"]})).await;
    let form = format!("token={token}");
    let request = client
        .post(format!("{}/sign-in", server.admin))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let answer = request.send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let sources = || client.get(format!("{}/sources", server.admin)).header("cookie", &cookie);
    assert_eq!(led(sources()).await.0, 200);
    let tokens = server.get("/v1/management_tokens").await;
    let path = format!("/v1/management_tokens/{}", tokens["entries"][0]["id"].as_str().unwrap());
    let deleted = server.manage(reqwest::Method::DELETE, &path).send().await.unwrap();
    assert!(deleted.status().is_success());
    assert_eq!(led(sources()).await.0, 303);
}

#[tokio::test]
async fn a_trusted_proxy_names_the_person() {
    let data = tempfile::TempDir::new().unwrap();
    let first =
        Server::start_with(ServerOptions { data_dir: Some(data.path().join("data")), ..Default::default() }).await;
    let token = first.management_token(json!({"name": "people", "scopes": ["admin"]})).await;
    drop(first);
    let start = async |proxy: &str| {
        let options = ServerOptions { data_dir: Some(data.path().join("data")), ..Default::default() };
        let options = options.env("INLET_DASHBOARD_USER_HEADER", "X-Forwarded-User");
        let options = options.env("INLET_DASHBOARD_USER_TOKEN", &token);
        Server::start_with(options.env("INLET_TRUSTED_PROXIES", format!("[\"{proxy}\"]"))).await
    };
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let get = |server: &Server| {
        client.get(format!("{}/settings/environments", server.admin)).header("x-forwarded-user", "ana@example.com")
    };
    let server = start("127.0.0.1").await;
    let html = get(&server).send().await.unwrap().text().await.unwrap();
    assert!(html.contains("ana@example.com (by proxy)") && !html.contains("Sign out"), "{html}");
    let (_, rest) = html.split_once(r#"name="csrf" value=""#).unwrap();
    let csrf = rest.split('"').next().unwrap();
    let create = client
        .post(format!("{}/settings/environments", server.admin))
        .header("x-forwarded-user", "ana@example.com")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("csrf={csrf}&name=Staging&slug=staging"));
    assert_eq!(led(create).await.0, 303);
    let changes = server.get("/v1/changes").await;
    assert_eq!(changes["entries"][0]["who"]["name"], "ana@example.com (by proxy)", "{changes}");
    drop(server);

    let server = start("192.0.2.1").await;
    assert_eq!(led(get(&server)).await.0, 303, "the header of somebody else names nobody");
}

#[tokio::test]
async fn statistics_count_events_by_outcome_and_stage() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "http", json!({}), json!([])).await;
    for number in 0..3 {
        let body = track("Order Completed", "u_1", &format!("m-{number}"), json!({}));
        endpoint.send(body).await;
    }
    let mut statistics = Value::Null;
    for _ in 0..600 {
        statistics = server.get("/v1/statistics?environment=development&source=shop").await;
        if sum(&statistics["entries"][0]["outcomes"]["logged"]) == 3 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(sum(&statistics["entries"][0]["outcomes"]["logged"]), 3, "{statistics}");
    let stages = statistics["stages"].as_array().unwrap();
    let total = stages.iter().find(|stage| stage["stage"] == "total").unwrap();
    assert_eq!(total["count"], 3, "{statistics}");
    assert!(total["p50_us"].as_u64() <= total["p99_us"].as_u64(), "{statistics}");
    assert_eq!(server.get("/v1/statistics?environment=production").await["entries"], json!([]));

    // A limited token adds nothing of other environments up.
    let token = server.management_token(json!({"name": "p", "scopes": ["read"], "environments": ["production"]})).await;
    let own = server.request_with(&token, reqwest::Method::GET, "/v1/statistics").send().await.unwrap();
    let own: Value = serde_json::from_str(&own.text().await.unwrap()).unwrap();
    assert_eq!((&own["entries"], &own["stages"]), (&json!([]), &json!([])));
}

fn sum(counts: &Value) -> u64 {
    counts.as_array().into_iter().flatten().filter_map(Value::as_u64).sum()
}

#[tokio::test]
async fn a_source_is_created_and_its_events_are_searched() {
    if !has_browser() {
        return;
    }
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Paid", "u_1", "m-1", json!({})), &["logged"]).await;
    let input = json!({"taken": "shop", "script": "<script>alert(1)</script>"});
    play(&server, "sources", MANAGEMENT_TOKEN, &input);
}
