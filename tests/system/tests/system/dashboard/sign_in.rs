//! Signing in and out, sessions, and what a change must prove.

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, ServerOptions, read_json};
use serde_json::json;

use super::{has_browser, play};

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

/// `public_url` is the address of senders, and the dashboard may have another one.
#[tokio::test]
async fn cookies_are_for_https_only_where_the_browser_uses_it() {
    let options = ServerOptions::default().env("INLET_PUBLIC_URL", "https://hooks.example.com");
    let server = Server::start_with(options).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let is_secure = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.unwrap();
        answer.headers()["set-cookie"].to_str().unwrap().contains("; Secure")
    };
    let sign_in = |origin: &str| {
        client
            .post(format!("{}/sign-in", server.admin))
            .header("sec-fetch-site", "same-origin")
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("token={MANAGEMENT_TOKEN}"))
    };
    assert!(is_secure(sign_in("https://inlet.example.com")).await);
    assert!(!is_secure(sign_in("http://10.0.0.7:8081")).await);
    let by_link = async || {
        let made = server.manage(reqwest::Method::POST, "/v1/sign_in_links").send().await.unwrap();
        let link = read_json(made).await;
        client.get(format!("{}{}", server.admin, link["path"].as_str().unwrap()))
    };
    assert!(!is_secure(by_link().await).await);
    assert!(is_secure(by_link().await.header("host", "hooks.example.com")).await);

    let page = client.get(format!("{}/sign-in", server.admin)).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'none'"), "the page has no script: {policy}");
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
