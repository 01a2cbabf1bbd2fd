//! The differences of a source between environments, and the status of all sources at once.

use inlet_system_tests::{Server, read_json, track};
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

async fn compare(server: &Server) -> Value {
    server.get("/v1/sources/shop/compare?from=development&environment=production").await
}

#[tokio::test]
async fn a_change_makes_one_environment_like_the_other() {
    let server = Server::start().await;
    let trigger = |event: &str, total: &str| {
        let parameters = json!({"key": "shop", "data": {"total": {"value": total}}});
        json!({"event_type": event, "action_type": "workflows_trigger", "action_parameters": parameters})
    };
    let settings = json!({"handle_identifies": true, "idempotency_window_seconds": 60});
    server.source("shop", "http", settings, json!([trigger("Paid", "receipt"), trigger("Shipped", "parcel")])).await;
    let production = json!({"mappings": [trigger("Gone", "bye"), trigger("Paid", "old")]});
    let body = json!({"environment_settings": {"production": production}});
    let (status, _) = server.try_put_source("shop", "production", body).await;
    assert_eq!(status, 200);

    let found = compare(&server).await;
    let names: Vec<&str> =
        found["settings"].as_array().unwrap().iter().map(|setting| setting["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["idempotency_window_seconds", "handle_identifies"], "{found}");
    let of = |difference: &Value| {
        let event = |side: &str| difference[side]["event_type"].as_str().map(str::to_owned);
        (difference["change"].as_str().unwrap().to_owned(), event("from"), event("to"))
    };
    let mappings: Vec<_> = found["mappings"].as_array().unwrap().iter().map(of).collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        mappings,
        [
            ("changed".to_owned(), text("Paid"), text("Paid")),
            ("added".to_owned(), text("Shipped"), None),
            ("removed".to_owned(), None, text("Gone")),
        ]
    );
    assert_eq!(found["plugin"], Value::Null);

    let before = server.get("/v1/sources/shop?environment=production").await;
    let kept = &before["environment_settings"]["production"]["mappings"];
    let paid = kept.as_array().unwrap().iter().find(|mapping| mapping["event_type"] == "Paid").unwrap();
    let document = json!({"sources": {"shop": {"environments": {"production": found["change"]}}}});
    let put = |version: &str| {
        server.manage(Method::PUT, "/v1/configuration").header("if-match", format!("\"{version}\"")).json(&document)
    };
    assert_eq!(put("another").send().await.unwrap().status(), 412);
    assert_eq!(put(found["version"].as_str().unwrap()).send().await.unwrap().status(), 200);
    let changed = server.get("/v1/sources/shop?environment=production").await;
    let mappings = changed["environment_settings"]["production"]["mappings"].as_array().unwrap();
    assert_eq!(mappings.len(), 2, "{changed}");
    assert!(mappings.iter().any(|mapping| mapping["id"] == paid["id"]), "the changed one stays itself: {changed}");
    let after = compare(&server).await;
    assert_eq!((&after["settings"], &after["mappings"], &after["change"]), (&json!([]), &json!([]), &json!({})));
}

#[tokio::test]
async fn the_enforcement_of_verification_is_told_and_not_carried_over() {
    let server = Server::start().await;
    server.source("shop", "http", json!({"max_items": 7}), json!([])).await;
    let (status, _) = server
        .try_put_source(
            "shop",
            "production",
            json!({"environment_settings": {"production": {"settings": {"signing_secret": "s3cret"}}}}),
        )
        .await;
    assert_eq!(status, 200);
    let found = compare(&server).await;
    assert_eq!(found["notes"], json!(["production has a secret and development has none"]));
    assert_eq!(found["settings"], json!([{"name": "max_items", "from": 7, "to": 20_000}]));
    let document = json!({"sources": {"shop": {"environments": {"production": found["change"]}}}});
    let answer = server.manage(Method::PUT, "/v1/configuration").json(&document).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let after = server.get("/v1/sources/shop?environment=production").await;
    let settings = &after["environment_settings"]["production"]["settings"];
    assert_eq!((&settings["enforce_verification"], &settings["max_items"]), (&json!(true), &json!(7)));
}

#[tokio::test]
async fn a_limited_token_compares_nothing_with_another_environment() {
    let server = Server::start().await;
    server.source("shop", "http", json!({}), json!([])).await;
    let body = json!({"name": "dev", "scopes": ["read"], "environments": ["development"]});
    let token = server.management_token(body).await;
    for (from, to, expected) in [
        ("development", "development", 200),
        ("development", "production", 403),
        ("production", "development", 403),
        ("development", "nowhere", 403),
    ] {
        let path = format!("/v1/sources/shop/compare?from={from}&environment={to}");
        let answer = server.request_with(&token, Method::GET, &path).send().await.unwrap();
        assert_eq!(answer.status(), expected, "{from} {to}");
    }
    let answer =
        server.manage(Method::GET, "/v1/sources/shop/compare?from=nowhere&environment=development").send().await;
    assert_eq!(answer.unwrap().status(), 422);
}

#[tokio::test]
async fn the_status_of_all_sources_is_that_of_each() {
    let server = Server::start().await;
    let shop = server.source("shop", "segment", json!({}), json!([])).await;
    server.source("quiet", "http", json!({}), json!([])).await;
    shop.expect(track("Paid", "u_1", "m-1", json!({})), &["logged"]).await;
    shop.expect("[1]".to_owned(), &["rejected"]).await;
    let list = server.get("/v1/sources?include=environment_status").await;
    for source in list["entries"].as_array().unwrap() {
        let key = source["key"].as_str().unwrap();
        let statuses = source["environment_status"].as_object().unwrap();
        assert_eq!(statuses.keys().collect::<Vec<_>>(), ["development", "production"]);
        for (slug, status) in statuses {
            let own = server.get(&format!("/v1/sources/{key}/status?environment={slug}")).await;
            for member in
                ["mappings_count", "events_count", "last_event_received", "plugin", "needs_attention", "notes"]
            {
                assert_eq!(status[member], own[member], "{member} of {key} in {slug}");
            }
        }
    }
    let body = json!({"name": "dev", "scopes": ["read"], "environments": ["production"]});
    let token = server.management_token(body).await;
    let request = server.request_with(&token, Method::GET, "/v1/sources?include=environment_status");
    let limited = read_json(request.send().await.unwrap()).await;
    for source in limited["entries"].as_array().unwrap() {
        assert_eq!(source["environment_status"].as_object().unwrap().keys().collect::<Vec<_>>(), ["production"]);
    }
    assert!(server.get("/v1/sources").await["entries"][0].get("environment_status").is_none());
}

#[tokio::test]
async fn requests_that_nearly_reach_an_endpoint_are_listed_by_cause() {
    let server = Server::start().await;
    let shop = server.source("shop", "http", json!({}), json!([])).await;
    assert_eq!(server.get("/v1/unrouted_requests").await["entries"], json!([]));
    for path in [format!("/{}", shop.path()), format!("/api{}", shop.path()), "/integrations/receive/nobody".to_owned()]
    {
        let answer = server.client.post(format!("{}{path}", server.base)).body("{}").send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    let listed = server.get("/v1/unrouted_requests").await;
    let mut causes: Vec<&str> =
        listed["entries"].as_array().unwrap().iter().map(|entry| entry["cause"].as_str().unwrap()).collect();
    causes.sort_unstable();
    assert_eq!(causes, ["doubled_slash", "prefixed_endpoint", "unknown_endpoint"], "{listed}");
    assert!(!listed.to_string().contains(shop.path().rsplit('/').next().unwrap()), "no token is kept");

    let dismiss = async |cause: &str| {
        let request = server.manage(Method::POST, "/v1/unrouted_requests/dismiss").json(&json!({"cause": cause}));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), read_json(answer).await)
    };
    assert_eq!(dismiss("doubled_slash").await, (200, json!({"dismissed": 1})));
    let (status, refused) = dismiss("doubled_slash").await;
    assert_eq!(status, 404);
    assert_snapshot!(refused["message"].as_str().unwrap(), @r#"no request is counted for "doubled_slash"; it may have been dismissed already"#);
    assert_eq!(server.get("/v1/unrouted_requests").await["entries"].as_array().unwrap().len(), 2);
    let again = format!("{}/{}", server.base, shop.path());
    server.client.post(again).body("{}").send().await.unwrap();
    let listed = server.get("/v1/unrouted_requests").await;
    assert_eq!((&listed["entries"][0]["cause"], &listed["entries"][0]["count"]), (&json!("doubled_slash"), &json!(1)));
}
