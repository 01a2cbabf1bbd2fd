//! `/v1/configuration`: read as a whole, changed as a whole or not at all.

use inlet_system_tests::{Server, read_json};
use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{HEADER_SECRET, SIGNING_SECRET, VARIABLE_SECRET, WEBHOOK_SECRET, fill, get, put};

/// Leaves out the digests of components, which depend on the compiler.
fn without_digests(text: &str) -> String {
    let mut parts = text.split("sha256:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "DIGEST" + part.get(64..).unwrap_or_default())
}

/// Returns the number of entries in the log of changes.
async fn logged(server: &Server) -> usize {
    server.get("/v1/changes?limit=100").await["entries"].as_array().unwrap().len()
}

#[tokio::test]
async fn what_is_read_and_sent_back_changes_nothing() {
    let server = Server::start().await;
    fill(&server).await;
    let (document, version) = get(&server).await;
    let text = document.to_string();
    for secret in [SIGNING_SECRET, WEBHOOK_SECRET, HEADER_SECRET, VARIABLE_SECRET, "/integrations/receive/"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let before = logged(&server).await;
    for query in ["?dry_run=true", "", "?delete=true"] {
        let (status, plan) = put(&server, query, &document).await;
        assert_eq!((status, &plan["changes"], &plan["applied"]), (200, &json!([]), &json!(false)), "{plan}");
        assert_eq!(format!("\"{}\"", plan["version"].as_str().unwrap()), version);
        let kept = plan["secrets"].as_array().unwrap();
        assert!(kept.len() == 4 && kept.iter().all(|secret| secret["state"] == "kept"), "{plan}");
    }
    assert_eq!((logged(&server).await, get(&server).await), (before, (document, version)));
}

#[tokio::test]
async fn one_document_brings_what_its_mappings_name() {
    let server = Server::start().await;
    let mapping = json!({"event_type": "Paid", "action_type": "workflows_trigger", "action_parameters":
        {"key": "paid", "targets": ["crm"], "data": {"from": "vars.base_url"}}});
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let document = json!({
        "environments": {"development": {
            "settings": {"name": "Dev", "retention_days": 9},
            "variables": {"base_url": {"value": "https://a.example"}},
            "targets": {"crm": {"kind": "webhook", "url": "https://crm.example/", "secrets": {"signing_secret": secret}}},
        }},
        "sources": {"shop": {"name": "Shop", "provider": "http", "environments": {
            "development": {"settings": {"handle_identifies": true}, "secrets": {"signing_secret": "s3cr3t-0123456789"},
                "mappings": [mapping]},
            "production": {"plugin": "bundled", "mappings": []},
        }}},
    });
    // A fault at the end, and nothing of what stands before it is there.
    let (before, version) = get(&server).await;
    let mut bad = document.clone();
    bad["sources"]["shop"]["environments"]["production"]["mappings"] = json!([mapping]);
    let (status, answer) = put(&server, "", &bad).await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(answer["field"], "sources.shop.environments.production.mappings[0].action_parameters.targets[0]");
    assert_eq!((get(&server).await, logged(&server).await), ((before, version.clone()), 0));

    let (status, plan) = put(&server, "?dry_run=true", &document).await;
    assert_eq!((status, &plan["applied"]), (200, &json!(false)), "{plan}");
    assert!(!plan.to_string().contains("s3cr3t"), "{plan}");
    let warning = plan["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("environments.development.settings: this deletes events with"), "{plan}");
    let told: Vec<String> = plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| format!("{} {} {}", change["action"], change["resource"], change["environment"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        [
            "update environments/development development",
            "create variables/base_url development",
            "create targets/crm development",
            "create sources/shop null",
            "create sources/shop development",
            "create sources/shop production",
        ]
    );
    assert_eq!(get(&server).await.1, version, "a plan changes nothing");
    let request = server.manage(Method::PUT, "/v1/configuration").header(header::IF_MATCH, &version).json(&document);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let (etag, applied) = (response.headers()[header::ETAG].clone(), read_json(response).await);
    assert_eq!((&applied["applied"], &applied["changes"]), (&json!(true), &plan["changes"]));
    assert_eq!(get(&server).await.1, etag.to_str().unwrap());
    // Each with its entry, and in force: a first secret enforces verification.
    assert_eq!(logged(&server).await, 4);
    assert!(!server.get("/v1/changes?limit=100").await.to_string().contains("s3cr3t"));
    let settings = server.get("/v1/sources/shop?environment=development").await;
    let settings = &settings["environment_settings"]["development"]["settings"];
    assert_eq!((&settings["enforce_verification"], &settings["handle_identifies"]), (&json!(true), &json!(true)));
    // A stale plan is refused, and so is the same again.
    let request = server.manage(Method::PUT, "/v1/configuration").header(header::IF_MATCH, &version).json(&document);
    assert_eq!(request.send().await.unwrap().status(), 412);
    let (status, again) = put(&server, "", &document).await;
    assert_eq!((status, &again["changes"]), (200, &json!([])), "secrets that are the same are no change: {again}");
}

#[tokio::test]
async fn a_mapping_that_is_edited_keeps_its_id_and_its_age() {
    let server = Server::start().await;
    fill(&server).await;
    let (mut document, _) = get(&server).await;
    let before = server.get("/v1/sources/web?environment=development").await;
    let before = before["environment_settings"]["development"]["mappings"].clone();
    let mappings = &mut document["sources"]["web"]["environments"]["development"]["mappings"];
    mappings[0]["action_parameters"]["data"]["total"] = json!("data.sum");
    mappings.as_array_mut().unwrap().remove(1);
    mappings.as_array_mut().unwrap().reverse();
    let (status, plan) = put(&server, "", &document).await;
    assert_eq!(status, 200, "{plan}");
    let change = &plan["changes"][0];
    assert_eq!((plan["changes"].as_array().unwrap().len(), &change["destroys"]), (1, &json!(true)));
    insta::assert_snapshot!(serde_json::to_string_pretty(&change["fields"]).unwrap(), @r#"
    [
      {
        "before": {
          "action_parameters": {
            "cancellation_key": "data.id",
            "key": "order-paid"
          },
          "action_type": "workflows_cancel",
          "event_type": "2026-01-02"
        },
        "field": "mappings[1]",
        "mapping": "2026-01-02 → workflows_cancel order-paid"
      },
      {
        "after": "data.sum",
        "before": "data.total",
        "field": "mappings[10].action_parameters.data.total",
        "mapping": "track/Order Paid → workflows_trigger order-paid"
      }
    ]
    "#);
    let after = server.get("/v1/sources/web?environment=development").await;
    let after = after["environment_settings"]["development"]["mappings"].clone();
    assert_eq!((&after[0]["id"], &after[0]["created_at"]), (&before[0]["id"], &before[0]["created_at"]));
    assert_eq!(after[0]["action_parameters"]["data"]["total"], "data.sum");
    assert_eq!(after.as_array().unwrap().len(), 11);
}

#[tokio::test]
async fn nothing_is_deleted_without_being_asked_and_nothing_that_is_needed() {
    let server = Server::start().await;
    fill(&server).await;
    let (full, _) = get(&server).await;
    let mut document = full.clone();
    document["sources"].as_object_mut().unwrap().remove("plain");
    document["environments"]["development"]["targets"] = json!({});
    document["environments"]["development"]["variables"].as_object_mut().unwrap().remove("no");
    let (status, plan) = put(&server, "", &document).await;
    assert_eq!((status, &plan["changes"], plan["kept"].as_array().unwrap().len()), (200, &json!([]), 3), "{plan}");
    assert_eq!(get(&server).await.0, full);
    // A mapping still names the target: one of the document, and then one that stays.
    let (status, answer) = put(&server, "?delete=true", &document).await;
    let field = "sources.web.environments.development.mappings[0].action_parameters.targets[0]";
    assert_eq!((status, &answer["field"]), (422, &json!(field)), "{answer}");
    let targets = json!({"environments": {"development": {"targets": {}}}});
    let (status, answer) = put(&server, "?delete=true", &targets).await;
    assert_eq!(status, 409, "{answer}");
    assert!(answer["message"].as_str().unwrap().starts_with("mappings name the target \"crm\": web: "), "{answer}");
    assert_eq!(get(&server).await.0, full, "nothing of it was done");
    document["sources"]["web"]["environments"]["development"]["mappings"] = json!([]);
    let (status, plan) = put(&server, "?delete=true", &document).await;
    assert_eq!(status, 200, "{plan}");
    let deleted: Vec<&str> = plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["action"] == "delete")
        .map(|change| change["resource"].as_str().unwrap())
        .collect();
    assert_eq!(deleted, ["variables/no", "targets/crm", "sources/plain"]);
    let (after, _) = get(&server).await;
    assert!(after["sources"].get("plain").is_none() && after["environments"]["development"]["targets"] == json!({}));
}

#[tokio::test]
async fn a_token_does_here_what_it_may_elsewhere() {
    let server = Server::start().await;
    fill(&server).await;
    let (full, _) = get(&server).await;
    let token = async |scope: &str, environments: Value| {
        let mut asked = json!({"name": scope, "scopes": [scope]});
        if !environments.is_null() {
            asked["environments"] = environments;
        }
        server.management_token(asked).await
    };
    let dev = token("operate", json!(["development"])).await;
    let send = async |token: &str, query: &str, document: &Value| {
        let path = format!("/v1/configuration{query}");
        server.request_with(token, Method::PUT, &path).json(document).send().await.unwrap().status().as_u16()
    };
    let seen = server.request_with(&dev, Method::GET, "/v1/configuration").send().await.unwrap();
    let seen = read_json(seen).await;
    assert_eq!(seen["environments"].as_object().unwrap().keys().collect::<Vec<_>>(), ["development"]);
    assert!(!seen.to_string().contains("production") && !seen.to_string().contains("audit"), "{seen}");
    assert_eq!(send(&dev, "", &seen).await, 200);
    assert_eq!(send(&dev, "", &full).await, 403, "it names production");
    assert_eq!(send(&dev, "", &json!({"environments": {"nowhere": {}}})).await, 403, "it tells no names apart");
    let elsewhere = json!({"sources": {"web": {"environments": {"production": {"mappings": []}}}}});
    assert_eq!(send(&dev, "", &elsewhere).await, 403);
    let renamed = json!({"sources": {"web": {"name": "Other"}}});
    assert_eq!(send(&dev, "", &renamed).await, 403, "a name concerns all environments");
    let new = json!({"sources": {"new": {"name": "New", "provider": "http", "environments": {"development": {}}}}});
    assert_eq!(send(&dev, "", &new).await, 403, "and so does a new source");
    assert_eq!(send(&dev, "?delete=true", &json!({"sources": {}})).await, 403);
    let operate = token("operate", Value::Null).await;
    assert_eq!(send(&operate, "?delete=true", &json!({"sources": {}})).await, 403, "deleting sources is for admin");
    let retention = json!({"environments": {"development": {"settings": {"name": "D", "retention_days": 1}}}});
    assert_eq!(send(&operate, "", &retention).await, 403, "and so are settings of environments");
    assert_eq!(send(&token("read", Value::Null).await, "?dry_run=true", &full).await, 403);
    assert_eq!(get(&server).await.0, full);
    let author = token("operate", Value::Null).await;
    assert_eq!(
        send(&author, "", &json!({"sources": {"web": {"environments": {"development": {"mappings": []}}}}})).await,
        200
    );
    assert_eq!(server.get("/v1/changes?limit=1").await["entries"][0]["who"]["name"], "operate");
}

#[tokio::test]
async fn documents_that_are_wrong_are_refused_at_their_place() {
    let server = Server::start().await;
    fill(&server).await;
    let (full, version) = get(&server).await;
    let source = |more: Value| json!({"sources": {"web": {"environments": {"development": more}}}});
    let mut told = String::new();
    for document in [
        json!([]),
        json!({"sorces": {}}),
        json!({"sources": {"Web": {}}}),
        json!({"sources": {"new": {"name": "N", "provider": "htp"}}}),
        json!({"sources": {"new": {"provider": "http"}}}),
        json!({"sources": {"web": {"name": ""}}}),
        json!({"sources": {"web": {"provider": "segment"}}}),
        json!({"sources": {"web": {"environments": {"developmnt": {}}}}}),
        source(json!({"setings": {}})),
        source(json!({"settings": {"handle_identifys": true}})),
        source(json!({"settings": {"max_items": -1}})),
        source(json!({"settings": {"signing_secret": "x"}})),
        source(json!({"secrets": {"signing_secrt": null}})),
        source(json!({"secrets": {"signing_secret": ""}})),
        source(json!({"plugin": "8.8.8"})),
        source(json!({"mappings": [{"event_type": "a", "action_type": "users_identfy"}]})),
        source(
            json!({"mappings": [{"event_type": "a", "action_type": "workflows_trigger", "action_parameters": {"key": "k", "data": "vars.nothing"}}]}),
        ),
        json!({"environments": {"development": {"settings": {"name": "D", "retention_days": 0}}}}),
        json!({"environments": {"development": {"variables": {"1a": {"value": "x"}}}}}),
        json!({"environments": {"development": {"variables": {"new": {}}}}}),
        json!({"environments": {"development": {"variables": {"base_url": {"type": "secret", "value": "x"}}}}}),
        json!({"environments": {"development": {"targets": {"crm": {"kind": "nats"}}}}}),
        json!({"environments": {"development": {"targets": {"new": {"kind": "webhook", "url": "ftp://x"}}}}}),
        json!({"environments": {"development": {"targets": {"crm": {"kind": "webhook", "url": "https://x.example", "secrets": {"api_kee": "x"}}}}}}),
        json!({"environments": {"development": {"targets": {"crm": {"kind": "webhook", "url": "https://x.example", "secrets": {"signing_secret": "short"}}}}}}),
    ] {
        let (status, answer) = put(&server, "", &document).await;
        assert_eq!(status, 422, "{document} {answer}");
        let message = without_digests(answer["message"].as_str().unwrap());
        told.push_str(&format!("{}: {message}\n", answer["field"].as_str().unwrap_or("-")));
    }
    insta::assert_snapshot!(told);
    let deep = format!(r#"{{"sources":{}{}}}"#, r#"{"a":"#.repeat(200), "1".to_owned() + &"}".repeat(200));
    let large = format!(r#"{{"sources":{{"{}":{{}}}}}}"#, "a".repeat(6 << 20));
    for (body, expected) in [(deep, 422), (large, 413)] {
        let request =
            server.manage(Method::PUT, "/v1/configuration").header("content-type", "application/json").body(body);
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
    assert_eq!(get(&server).await, (full, version));
}
