//! The management API: response shapes, merged settings, refusals, pages.

use inlet_system_tests::{Server, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

fn source(settings: Value, mappings: Value) -> Value {
    json!({"name": "S", "preconfigured_provider": "segment",
        "environment_settings": {"development": {"settings": settings, "mappings": mappings}}})
}

fn mapping(event_type: &str, key: &str) -> Value {
    json!({"event_type": event_type, "action_type": "workflows_trigger", "action_parameters": {"key": key}})
}

#[tokio::test]
async fn creating_gives_an_endpoint_and_default_settings_in_every_environment() {
    let server = Server::start().await;
    let (status, answer) =
        server.try_put_source("s", "development", source(json!({"handle_identifies": true}), json!([]))).await;
    assert_eq!(status, 200, "{answer}");
    let mut endpoints = Vec::new();
    for environment in ["development", "production"] {
        let source = server.get(&format!("/v1/sources/s?environment={environment}")).await;
        let settings = &source["environment_settings"][environment]["settings"];
        assert_eq!(settings["handle_identifies"], environment == "development");
        assert_eq!(settings["enforce_verification"], false);
        assert_eq!(settings["idempotency_window_seconds"], 86400);
        assert!(source["environment_settings"].as_object().unwrap().len() == 1);
        let endpoint = settings["endpoint"].as_str().unwrap().to_owned();
        assert!(endpoint.rsplit('/').next().unwrap().len() >= 26, "at least 128 bits: {endpoint}");
        endpoints.push(endpoint);
    }
    assert_ne!(endpoints[0], endpoints[1]);
    let list = server.get("/v1/sources?include=environment_settings").await;
    assert_eq!(list["entries"][0]["environment_settings"].as_object().unwrap().len(), 2);
    assert_eq!(server.get("/v1/sources").await["entries"][0]["key"], "s");
}

#[tokio::test]
async fn settings_merge_null_clears_and_an_absent_secret_stays() {
    let server = Server::start().await;
    let put = async |settings: Value| {
        let (status, answer) = server.try_put_source("s", "development", source(settings, json!([]))).await;
        assert_eq!(status, 200, "{answer}");
        answer["source"]["environment_settings"]["development"]["settings"].clone()
    };
    let settings = put(json!({"signing_secret": "abc", "event_type_path": "body.kind", "keep_headers": ["X-A"]})).await;
    assert_eq!(settings["enforce_verification"], true);
    assert!(settings.get("signing_secret").is_none());
    let settings = put(json!({"handle_identifies": true})).await;
    assert_eq!((&settings["event_type_path"], &settings["keep_headers"]), (&json!("body.kind"), &json!(["x-a"])));
    assert_eq!(settings["enforce_verification"], true, "the secret is still there");
    let settings = put(json!({"event_type_path": null, "keep_headers": null})).await;
    assert_eq!((&settings["event_type_path"], &settings["keep_headers"]), (&json!(null), &json!([])));
    let settings = put(json!({"endpoint": settings["endpoint"]})).await;
    assert_eq!(settings["handle_identifies"], true);
}

#[tokio::test]
async fn refusals_are_422_and_name_the_field() {
    let server = Server::start().await;
    server.try_put_source("s", "development", source(json!({}), json!([]))).await;
    let refused = async |body: Value, field: &str| {
        let (status, answer) = server.try_put_source("s", "development", body.clone()).await;
        assert_eq!(status, 422, "{body} {answer}");
        let found = answer["field"].as_str().unwrap_or_default();
        assert!(found.ends_with(field), "{field}: {answer}");
        assert!(answer["message"].as_str().unwrap().len() > 10);
    };
    refused(source(json!({"handle_identify": true}), json!([])), "handle_identify").await;
    refused(source(json!({"enforce_verification": true}), json!([])), "enforce_verification").await;
    refused(source(json!({"endpoint": "https://elsewhere.example"}), json!([])), "endpoint").await;
    refused(
        source(json!({"preprocess_script": {"language": "javascript", "source": "x"}}), json!([])),
        "preprocess_script",
    )
    .await;
    refused(source(json!({"options": {"nonsense": 1}}), json!([])), "options.nonsense").await;
    refused(source(json!({"max_body_bytes": -1}), json!([])), "max_body_bytes").await;
    refused(
        source(json!({}), json!([{"event_type": "e", "action_type": "workflows_trigger", "action_parameters": {}}])),
        "mappings[0].action_parameters.key",
    )
    .await;
    refused(source(json!({}), json!([{"event_type": "", "action_type": "users_identify"}])), "mappings[0].event_type")
        .await;
    refused(source(json!({}), json!([{"event_type": "e", "action_type": "objects_put"}])), "mappings[0].action_type")
        .await;
    let mut other = source(json!({}), json!([]));
    other["environment_settings"]["production"] = json!({"settings": {}});
    refused(other, "environment_settings.production").await;
    let mut other = source(json!({}), json!([]));
    other["preconfigured_provider"] = json!("http");
    refused(other, "preconfigured_provider").await;
    let unknown = json!({"name": "X", "preconfigured_provider": "nope"});
    let (status, answer) = server.try_put_source("new", "development", unknown).await;
    assert_eq!(status, 422);
    assert!(answer["field"].as_str().unwrap().ends_with("preconfigured_provider"), "{answer}");
    let (status, _) = server.try_put_source("s", "nowhere", source(json!({}), json!([]))).await;
    assert!(status == 422 || status == 404, "{status}");
    assert_eq!(server.get("/v1/sources").await["entries"].as_array().unwrap().len(), 1, "nothing was created");
    let broken = server.manage(Method::PUT, "/v1/sources/s?environment=development").body("{").send().await.unwrap();
    assert!(broken.status().is_client_error());
    assert!(read_json(broken).await["message"].as_str().unwrap().contains("line 1"));
}

#[tokio::test]
async fn mappings_are_the_whole_list_and_unchanged_ones_keep_their_age() {
    let server = Server::start().await;
    let put = async |mappings: Value| {
        let mut body = source(json!({}), mappings.clone());
        if mappings.is_null() {
            body["environment_settings"]["development"].as_object_mut().unwrap().remove("mappings");
        }
        let (status, answer) = server.try_put_source("s", "development", body).await;
        assert_eq!(status, 200, "{answer}");
        answer["source"]["environment_settings"]["development"]["mappings"].as_array().unwrap().clone()
    };
    let first = put(json!([mapping("A", "a"), mapping("B", "b")])).await;
    assert_eq!((first.len(), &first[0]["active"], &first[0]["is_deleted"]), (2, &json!(true), &json!(false)));
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    // Matched by content and by id, in another order, with a new one.
    let mut by_id = first[1].clone();
    by_id["event_type"] = json!("B2");
    let second = put(json!([mapping("C", "c"), by_id, mapping("A", "a")])).await;
    let find =
        |list: &[Value], event: &str| list.iter().find(|mapping| mapping["event_type"] == event).cloned().unwrap();
    assert_eq!(find(&second, "A"), first[0], "unchanged to the letter");
    let changed = find(&second, "B2");
    assert_eq!((&changed["id"], &changed["created_at"]), (&first[1]["id"], &first[1]["created_at"]));
    assert_ne!(changed["updated_at"], first[1]["updated_at"]);
    assert_eq!(put(json!(null)).await.len(), 3, "absent, nothing changes");
    assert_eq!(put(json!([])).await.len(), 0);
}

#[tokio::test]
async fn etag_and_if_match() {
    let server = Server::start().await;
    server.try_put_source("s", "development", source(json!({}), json!([]))).await;
    let get = server.manage(Method::GET, "/v1/sources/s?environment=development").send().await.unwrap();
    let etag = get.headers()["etag"].to_str().unwrap().to_owned();
    let put = async |etag: &str| {
        let request = server.manage(Method::PUT, "/v1/sources/s?environment=development").header("if-match", etag);
        let body = json!({"source": source(json!({"handle_identifies": true}), json!([]))});
        request.json(&body).send().await.unwrap()
    };
    let first = put(&etag).await;
    assert_eq!(first.status(), 200);
    assert_ne!(first.headers()["etag"].to_str().unwrap(), etag);
    let second = put(&etag).await;
    assert_eq!(second.status(), 412);
    assert_eq!(read_json(second).await["field"], json!(null));
}

#[tokio::test]
async fn every_route_wants_its_own_kind_of_key() {
    let server = Server::start().await;
    let (development, production) = (server.api_key("development").await, server.api_key("production").await);
    assert!(development.starts_with("sk_"));
    let status = async |path: &str, key: Option<&str>| {
        let mut request = server.client.get(format!("{}{path}", server.admin));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let answer = read_json(response).await;
        if status >= 400 {
            assert!(
                answer["code"].is_string() && answer["message"].is_string() && answer.get("field").is_some(),
                "{answer}"
            );
        }
        status
    };
    for path in ["/v1/sources", "/v1/environments", "/v1/source_providers", "/v1/source_providers/segment"] {
        assert_eq!(status(path, None).await, 401, "{path}");
        assert_eq!(status(path, Some("wrong")).await, 401, "{path}");
        assert_eq!(status(path, Some(&development)).await, 403, "{path}");
    }
    for path in ["/v1/users", "/v1/workflow_runs"] {
        assert_eq!(status(path, None).await, 401, "{path}");
        assert_eq!(status(path, Some("sk_wrong")).await, 401, "{path}");
        // A token is good for many environments, a key for its own.
        let token = Some("test-management-token-0123456789");
        assert_eq!(status(path, token).await, 422, "{path}");
        assert_eq!(status(&format!("{path}?environment=development"), token).await, 200, "{path}");
        assert_eq!(status(path, Some(&production)).await, 200, "{path}");
    }
    assert_eq!(status("/v1/nothing", Some(&development)).await, 404);
    for (_, bytes) in inlet_system_tests::all_files(server.data_dir()) {
        let found = bytes.windows(development.len()).any(|window| window == development.as_bytes());
        assert!(!found, "only hashes of keys are stored");
    }
}

#[tokio::test]
async fn pages_go_from_newest_to_oldest_and_back_without_a_gap() {
    let server = Server::start().await;
    let endpoint = server.source("segment", "segment", json!({}), json!([])).await;
    let items: Vec<String> = (0..125).map(|n| track(&format!("E{}", n % 2), "u", "", json!({"n": n}))).collect();
    endpoint.send(format!("[{}]", items.join(","))).await;
    let page =
        async |query: &str| server.get(&format!("/v1/sources/segment/logs?environment=development{query}")).await;
    let numbers = |page: &Value| -> Vec<i64> {
        page["entries"].as_array().unwrap().iter().map(|log| log["data"]["n"].as_i64().unwrap()).collect()
    };
    let first = page("").await;
    assert_eq!(first["page_info"]["page_size"], 50);
    assert_eq!(numbers(&first), (75..125).rev().collect::<Vec<_>>());
    let cursor = |page: &Value, which: &str| page["page_info"][which].as_str().map(str::to_owned);
    let allowed = |cursor: &str| cursor.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let after = cursor(&first, "after").unwrap();
    assert!(allowed(&after), "{after}");
    let second = page(&format!("&after={after}&limit=100")).await;
    assert_eq!(numbers(&second), (0..75).rev().collect::<Vec<_>>());
    assert_eq!(second["page_info"]["after"], json!(null));
    let back = page(&format!("&before={}&page_size=10", cursor(&second, "before").unwrap())).await;
    assert_eq!(numbers(&back), (75..85).rev().collect::<Vec<_>>());
    let odd = page("&event=track%2FE1&limit=3").await;
    assert_eq!(numbers(&odd), [123, 121, 119]);
    let none = page("&starting_at=2099-01-01T00:00:00Z").await;
    assert_eq!(none["entries"], json!([]));
    for query in ["&limit=0", "&limit=101", "&limit=x", "&after=%21%21", "&starting_at=soon", "&date=today", "&id=7"] {
        let path = format!("/v1/sources/segment/logs?environment=development{query}");
        let response = server.manage(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), 422, "{query}");
    }
}

#[tokio::test]
async fn lists_cut_what_is_large_and_the_id_gives_the_whole() {
    let server = Server::start().await;
    let mappings = json!([mapping("Big", "k")]);
    let endpoint = server.source("segment", "segment", json!({}), mappings).await;
    let body = track("Big", "u", "m", json!({"pad": "p".repeat(20_000)}));
    endpoint.expect(body.clone(), &["skipped"]).await;
    let log = server.last_log("segment").await;
    assert_eq!((&log["original"], &log["data"]), (&json!(null), &json!(null)));
    assert_eq!(log["original_size"], body.len());
    assert!(log["data_size"].as_u64().unwrap() > 20_000);
    assert_eq!(log["actions"][0]["action_payload"], json!(null));
    let id = log["id"].as_str().unwrap();
    let page = server.get(&format!("/v1/sources/segment/logs?environment=development&id={id}&include=actions")).await;
    let whole = &page["entries"][0];
    assert_eq!(whole["original"], serde_json::from_str::<Value>(&body).unwrap());
    assert!(whole["actions"][0]["action_payload"]["data"]["pad"].is_string());
}

#[tokio::test]
async fn redacted_paths_are_blanked_before_storing_and_the_entry_says_so() {
    let server = Server::start().await;
    let settings = json!({"redact_paths": ["properties.card.number"], "handle_identifies": true});
    let endpoint = server.source("segment", "segment", settings, json!([mapping("Paid", "k")])).await;
    endpoint.send(r#"{"type":"track","event":"Paid","userId":"u","properties":{"card":{"number":"4111-secret","number":"4242-secret"}}}"#).await;
    let log = server.last_log("segment").await;
    assert_eq!(log["redacted"], json!(["properties.card.number"]));
    assert_eq!(log["original"]["properties"]["card"]["number"], "[redacted]");
    assert_eq!(log["data"]["card"]["number"], "[redacted]");
    for (path, bytes) in inlet_system_tests::all_files(server.data_dir()) {
        let holds = |number: &[u8]| bytes.windows(number.len()).any(|window| window == number);
        assert!(!holds(b"4111-secret") && !holds(b"4242-secret"), "{}", path.display());
    }
}

#[tokio::test]
async fn an_unknown_name_is_refused_with_the_nearest_and_never_ignored() {
    let server = Server::start().await;
    let endpoint = server.source("s", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Paid", "u", "", json!({})), &["logged"]).await;
    let refused = async |method: Method, path: &str, body: Value, field: &str, nearest: &str| {
        let response = server.manage(method, path).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 422, "{path}");
        let answer = read_json(response).await;
        assert_eq!(answer["field"], field, "{path} {answer}");
        assert!(
            answer["message"].as_str().unwrap().contains(&format!("the nearest is {nearest:?}")),
            "{path} {answer}"
        );
    };
    for (path, field, nearest) in [
        ("/v1/sources/s/logs?environment=development&outcomes=failed", "outcomes", "outcome"),
        ("/v1/sources/s/logs?enviroment=development", "enviroment", "environment"),
        ("/v1/sources?includes=environment_settings", "includes", "include"),
        ("/v1/changes?resources=sources/s", "resources", "resource"),
    ] {
        refused(Method::GET, path, json!({}), field, nearest).await;
    }
    let path = "/v1/sources/s?environment=development";
    refused(Method::PUT, path, json!({"source": {"nmae": "X"}}), "source.nmae", "name").await;
    let settings = json!({"source": {"environment_settings": {"development": {"settings": {"keep_header": []}}}}});
    let field = "source.environment_settings.development.settings.keep_header";
    refused(Method::PUT, path, settings, field, "keep_headers").await;
    let path = "/v1/sources/s/plugin?environment=development";
    refused(Method::POST, path, json!({"versoin": "1.0.0"}), "versoin", "version").await;
    let key = server.api_key("development").await;
    for path in ["/v1/users?email=a", "/v1/workflow_runs?workflows=k"] {
        let response = server.request_with(&key, Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 422, "{path}");
    }
    // Without a credential nothing is learned of the operation.
    let response = server.client.get(format!("{}/v1/sources?nonsense=1", server.admin)).send().await.unwrap();
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn a_change_of_a_source_needs_no_name_and_a_new_source_does() {
    let server = Server::start().await;
    let unnamed = json!({"preconfigured_provider": "segment"});
    let (status, answer) = server.try_put_source("s", "development", unnamed).await;
    assert_eq!((status, &answer["field"]), (422, &json!("source.name")), "{answer}");
    server.source("s", "segment", json!({}), json!([])).await;
    let before = server.get("/v1/sources/s?environment=development").await;
    let change = json!({"environment_settings": {"development": {"settings": {"handle_identifies": true}}}});
    let (status, answer) = server.try_put_source("s", "development", change).await;
    assert_eq!((status, &answer["source"]["name"]), (200, &before["name"]), "{answer}");
    assert_eq!(answer["source"]["environment_settings"]["development"]["settings"]["handle_identifies"], true);
}

#[tokio::test]
async fn an_environment_is_deleted_once_its_slug_is_repeated() {
    let server = Server::start().await;
    let development = server.source("s", "segment", json!({"handle_identifies": true}), json!([])).await;
    let production = server.endpoint_of(&server.get("/v1/sources/s?environment=production").await, "production");
    let identify = json!({"type": "identify", "userId": "u", "traits": {"name": "N"}});
    development.expect(identify.to_string(), &["executed"]).await;
    production.expect(track("Here", "u", "", json!({})), &["logged"]).await;
    let key = server.api_key("development").await;
    let delete = async |query: &str| {
        let path = format!("/v1/environments/development{query}");
        let response = server.manage(Method::DELETE, &path).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    for query in ["", "?confirm=production", "?confirm=true"] {
        let (status, answer) = delete(query).await;
        assert_eq!(status, 422, "{query} {answer}");
        assert!(answer.contains("\"field\":\"confirm\""), "{answer}");
    }
    assert_eq!(delete("?confirm=development").await.0, 204);
    assert_eq!(delete("?confirm=development").await.0, 404);

    let gone = development.post(track("Gone", "u", "", json!({}))).send().await.unwrap();
    assert_eq!(gone.status(), 404);
    let users = server.request_with(&key, Method::GET, "/v1/users").send().await.unwrap();
    assert_eq!(users.status(), 401, "its keys are gone");
    let list = server.get("/v1/environments").await;
    assert_eq!(list["entries"].as_array().unwrap().len(), 1);
    let source = server.get("/v1/sources?include=environment_settings").await;
    let settings = source["entries"][0]["environment_settings"].as_object().unwrap();
    assert_eq!(settings.keys().collect::<Vec<_>>(), ["production"]);
    production.expect(track("Still", "u", "", json!({})), &["logged"]).await;
    let last = server.manage(Method::DELETE, "/v1/environments/production?confirm=production").send().await.unwrap();
    assert_eq!(last.status(), 409);
    let changes = server.get("/v1/changes?resource=environments/development").await;
    assert_eq!(changes["entries"][0]["operation"], "deleteEnvironment");

    // The slug is free, and the new environment has nothing of the old one.
    let new = json!({"slug": "development", "name": "Again"});
    let created = server.manage(Method::POST, "/v1/environments").json(&new).send().await.unwrap();
    assert_eq!(created.status(), 201);
    let key = server.api_key("development").await;
    let users = server.request_with(&key, Method::GET, "/v1/users").send().await.unwrap();
    assert_eq!(read_json(users).await["entries"], json!([]));
    assert_eq!(server.get("/v1/sources/s/logs?environment=development").await["entries"], json!([]));
}

#[tokio::test]
async fn openapi_names_every_route() {
    let server = Server::start().await;
    let document = read_json(server.client.get(format!("{}/openapi.json", server.admin)).send().await.unwrap()).await;
    let paths = document["paths"].as_object().unwrap();
    for path in [
        "/v1/sources",
        "/v1/sources/{key}",
        "/v1/sources/{key}/events",
        "/v1/sources/{key}/logs",
        "/v1/sources/{key}/rotate_endpoint",
        "/v1/sources/{key}/status",
        "/v1/source_providers",
        "/v1/source_providers/{key}",
        "/v1/environments",
        "/v1/environments/{slug}/api_keys",
        "/v1/users",
        "/v1/users/{id}",
        "/v1/workflow_runs",
        "/v1/workflow_runs/{id}",
        "/v1/workflow_runs/{id}/recipients",
        "/integrations/receive/{token}",
        "/healthz",
        "/readyz",
        "/metrics",
    ] {
        let normal = |path: &str| path.replace("{user_id}", "{id}");
        assert!(paths.keys().any(|known| normal(known) == path), "{path} is not in {:?}", paths.keys());
    }
}
