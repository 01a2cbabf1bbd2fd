//! Authorization: every operation of the OpenAPI document against every kind of credential. New operations are tested
//! automatically, and must be entered into the table of scopes here.

use std::{collections::BTreeMap, time::Duration};

use inlet_system_tests::{Server, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

/// The scope of each operation: `read`, `operate`, `plugins` or `admin`; `key` for an environment's key; `key or read`; `key or admin`;
/// `anyone`.
const EXPECTED: &[(&str, &str)] = &[
    ("acceptSystemTime", "admin"),
    ("acknowledgeIssue", "operate"),
    ("addAudienceMembers", "key"),
    ("addSourceProvider", "plugins"),
    ("addSubscriptionsForObject", "key"),
    ("bulkDeleteObjects", "key"),
    ("bulkDeleteTenants", "key"),
    ("bulkDeleteUsers", "key"),
    ("bulkIdentifyUsers", "key"),
    ("bulkSetObjects", "key"),
    ("bulkSetTenants", "key"),
    ("cancelReplay", "operate"),
    ("cancelWorkflow", "key"),
    ("cancelWorkflowRun", "operate"),
    ("checkSourceProviderVersion", "plugins"),
    ("compareSource", "read"),
    ("compareSourcePlugin", "operate"),
    ("createApiKey", "admin"),
    ("createBackup", "admin"),
    ("createEnvironment", "admin"),
    ("createManagementToken", "admin"),
    ("createReplay", "operate"),
    ("createSignInLink", "read"),
    ("deleteApiKey", "admin"),
    ("deleteEnvironment", "admin"),
    ("deleteManagementToken", "admin"),
    ("deleteObject", "key"),
    ("deleteSource", "admin"),
    ("deleteSubscriptionsForObject", "key"),
    ("deleteTarget", "operate"),
    ("deleteTenant", "key"),
    ("deleteUser", "key"),
    ("deleteVariable", "operate"),
    ("describeSourceEvent", "read"),
    ("discardDeliveries", "operate"),
    ("dismissAttention", "operate"),
    ("dismissRefusedRequests", "operate"),
    ("dismissUnroutedRequests", "operate"),
    ("enableTarget", "operate"),
    ("exportUser", "key or read"),
    ("forgetUser", "key or admin"),
    ("getBulkOperation", "key"),
    ("getClock", "read"),
    ("getConfiguration", "read"),
    ("getDelivery", "read"),
    ("getDeliveryStatistics", "read"),
    ("getForgetRequest", "key or read"),
    ("getIssue", "read"),
    ("getLog", "read"),
    ("getLogTestCase", "read"),
    ("getObject", "key or read"),
    ("getOpenApi", "anyone"),
    ("getRefusedRequest", "read"),
    ("getReplay", "read"),
    ("getSource", "read"),
    ("getSourceProvider", "read"),
    ("getSourceStatus", "read"),
    ("getStatistics", "read"),
    ("getSystem", "read"),
    ("listNodes", "read"),
    ("getTarget", "read"),
    ("getTenant", "key or read"),
    ("getUser", "key or read"),
    ("getVariable", "read"),
    ("getWorkflowRun", "key or read"),
    ("healthz", "anyone"),
    ("identifyUser", "key"),
    ("installCatalogPlugin", "plugins"),
    ("listActions", "read"),
    ("listApiKeys", "read"),
    ("listAudienceMembers", "key or read"),
    ("listAudiences", "key or read"),
    ("listAudiencesForUser", "key or read"),
    ("listCatalog", "read"),
    ("listChanges", "read"),
    ("listCollections", "key or read"),
    ("listDeliveries", "read"),
    ("listEnvironments", "read"),
    ("listIssues", "read"),
    ("listLogs", "read"),
    ("listManagementTokens", "read"),
    ("listObjects", "key or read"),
    ("listOperationalEvents", "read"),
    ("listRefusedRequests", "read"),
    ("listReplays", "read"),
    ("listSourceEvents", "read"),
    ("listSourceLogs", "read"),
    ("listSourceProviders", "read"),
    ("listSources", "read"),
    ("listSubscriptionsForObject", "key or read"),
    ("listSubscriptionsForUser", "key or read"),
    ("listTargetWorkflows", "read"),
    ("listTargets", "read"),
    ("listTenants", "key or read"),
    ("listUnroutedRequests", "read"),
    ("listUsers", "key or read"),
    ("listVariables", "read"),
    ("listWorkflowRunRecipients", "key or read"),
    ("listWorkflowRuns", "key or read"),
    ("metrics", "anyone"),
    ("listWorkflows", "read"),
    ("muteIssue", "operate"),
    ("pauseTarget", "operate"),
    ("previewReplay", "operate"),
    ("processCensusRpcRequest", "key"),
    ("processHightouchRpcRequest", "key"),
    ("putConfiguration", "operate"),
    ("readyz", "anyone"),
    ("receive", "anyone"),
    ("redriveDeliveries", "operate"),
    ("redriveDelivery", "operate"),
    ("rehearseLastEvents", "operate"),
    ("rehearseSource", "operate"),
    ("removeAudienceMembers", "key"),
    ("removeSourceProviderVersion", "plugins"),
    ("reopenIssue", "operate"),
    ("replayLog", "operate"),
    ("resolveIssue", "operate"),
    ("resumeTarget", "operate"),
    ("rotateSourceEndpoint", "operate"),
    ("search", "read"),
    ("sendToSource", "operate"),
    ("setObject", "key"),
    ("setTenant", "key"),
    ("streamLogs", "read"),
    ("streamSourceLogs", "read"),
    ("testOperationalEvents", "operate"),
    ("testTarget", "operate"),
    ("traceLog", "read"),
    ("triggerWorkflow", "key"),
    ("updateEnvironment", "admin"),
    ("uploadSourceProvider", "plugins"),
    ("upsertSource", "operate"),
    ("upsertTarget", "operate"),
    ("upsertVariable", "operate"),
    ("useSourcePlugin", "operate"),
    ("verifyRefusedRequest", "operate"),
    ("verifyRefusedRequests", "operate"),
];

/// An operation of the OpenAPI document.
struct Operation {
    id: String,
    method: Method,
    path: String,
    /// True if it has the query parameter `environment`.
    has_environment: bool,
    security: Value,
}

impl Operation {
    fn wants(&self) -> &'static str {
        EXPECTED
            .iter()
            .find(|(id, _)| *id == self.id)
            .map(|(_, wants)| *wants)
            .unwrap_or_else(|| panic!("the operation {} is not in the table of scopes of this test", self.id))
    }

    /// Returns a URL for the operation in an environment, with ids that do not exist.
    fn address(&self, environment: &str) -> String {
        let path = self.path.replace("{slug}", environment).replace("{key}", "nothing").replace("{token}", "nothing");
        format!("{}?environment={environment}", path.replace("{id}", "4711"))
    }
}

async fn operations(server: &Server) -> Vec<Operation> {
    let document = read_json(server.client.get(format!("{}/openapi.json", server.admin)).send().await.unwrap()).await;
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            found.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                has_environment: parameters.iter().any(|given| given["name"] == "environment"),
                security: operation["security"].clone(),
            });
        }
    }
    assert!(found.len() > 25, "{}", found.len());
    found
}

async fn status(server: &Server, operation: &Operation, token: Option<&str>, address: &str) -> u16 {
    let mut request = server.client.request(operation.method.clone(), format!("{}{address}", server.admin));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn every_operation_has_its_scope_and_the_document_says_it() {
    let server = Server::start().await;
    for operation in operations(&server).await {
        let expected = match operation.wants() {
            "anyone" => Value::Null,
            "key" => json!([{"api_key": []}]),
            "key or read" => json!([{"api_key": []}, {"management_token": ["read"]}]),
            "key or admin" => json!([{"api_key": []}, {"management_token": ["admin"]}]),
            scope => json!([{"management_token": [scope]}]),
        };
        assert_eq!(operation.security, expected, "{}", operation.id);
    }
}

#[tokio::test]
async fn without_a_good_credential_everything_is_401() {
    let server = Server::start().await;
    let soon = json!({"name": "soon over", "scopes": ["admin"], "expires_at": in_seconds(2)});
    let expired = server.management_token(soon).await;
    assert_eq!(server.request_with(&expired, Method::GET, "/v1/sources").send().await.unwrap().status(), 200);
    let deleted = server.api_key("development").await;
    let id = server.get("/v1/environments/development/api_keys").await["entries"][0]["id"].clone();
    let path = format!("/v1/environments/development/api_keys/{}", id.as_str().unwrap());
    assert_eq!(server.manage(Method::DELETE, &path).send().await.unwrap().status(), 204);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    for operation in operations(&server).await {
        if operation.wants() == "anyone" {
            continue;
        }
        let address = operation.address("development");
        for token in [None, Some("im_wrong"), Some("sk_wrong"), Some(deleted.as_str()), Some(expired.as_str())] {
            assert_eq!(status(&server, &operation, token, &address).await, 401, "{} {token:?}", operation.id);
        }
    }
    let answer = read_json(server.request_with(&expired, Method::GET, "/v1/sources").send().await.unwrap()).await;
    let message = answer["message"].as_str().unwrap();
    assert!(message.starts_with("this token expired at 20") && message.contains("make a new one"), "{message}");
}

/// Returns the time in this number of seconds as RFC 3339.
fn in_seconds(seconds: u64) -> String {
    let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + seconds;
    let (days, rest) = (at / 86400, at % 86400);
    // Converts days into a date with Howard Hinnant's algorithm.
    let z = days as i64 + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * day_of_year + 2) / 153;
    let (day, month) = (day_of_year - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[tokio::test]
async fn every_operation_takes_its_own_kind_of_credential_and_its_own_scope() {
    let server = Server::start().await;
    let key = server.api_key("development").await;
    let mut tokens: BTreeMap<&str, String> = BTreeMap::new();
    for scope in ["read", "operate", "plugins", "admin"] {
        tokens.insert(scope, server.management_token(json!({"name": scope, "scopes": [scope]})).await);
    }
    for operation in operations(&server).await {
        let (wants, address) = (operation.wants(), operation.address("development"));
        // An admitted request is answered with an error about ids that do not exist.
        let is_allowed = async |token: &str| match status(&server, &operation, Some(token), &address).await {
            401 => panic!("{} does not know a good credential", operation.id),
            403 => false,
            status => {
                assert!(status < 500 || operation.id == "readyz", "{} {status}", operation.id);
                true
            }
        };
        if wants == "anyone" {
            continue;
        }
        assert_eq!(is_allowed(&key).await, wants.starts_with("key"), "{} with a key", operation.id);
        let wanted_scope = wants.trim_start_matches("key or ");
        for (scope, token) in &tokens {
            let expected = wants != "key" && (wanted_scope == "read" || *scope == wanted_scope || *scope == "admin");
            assert_eq!(is_allowed(token).await, expected, "{} with the scope {scope}", operation.id);
        }
    }
    let environments = server.get("/v1/environments").await;
    assert_eq!(environments["entries"].as_array().unwrap().len(), 2, "nothing was made meanwhile");
}

#[tokio::test]
async fn a_token_of_one_environment_is_refused_in_every_other() {
    let server = Server::start().await;
    let asked = json!({"name": "dev", "scopes": ["admin"], "environments": ["development"]});
    let token = server.management_token(asked).await;
    for operation in operations(&server).await {
        // The body of putConfiguration names the environments; its own tests try it.
        if matches!(operation.wants(), "anyone" | "key") || operation.id == "putConfiguration" {
            continue;
        }
        // Which environments there are concerns all of them.
        let is_about_one =
            (operation.has_environment || operation.path.contains("{slug}")) && operation.id != "deleteEnvironment";
        if is_about_one {
            for elsewhere in ["production", "nowhere"] {
                let found = status(&server, &operation, Some(&token), &operation.address(elsewhere)).await;
                assert_eq!(found, 403, "{} in {elsewhere}", operation.id);
            }
            let found = status(&server, &operation, Some(&token), &operation.address("development")).await;
            assert!(found != 403 && found < 500, "{} {found}", operation.id);
        } else if operation.wants() != "read" && operation.wants() != "key or read" {
            // An operation without an environment that changes something concerns all environments.
            let address = operation.address("development");
            let found = status(&server, &operation, Some(&token), &address).await;
            assert_eq!(found, 403, "{}", operation.id);
        }
    }
}

#[tokio::test]
async fn a_token_of_one_environment_sees_and_changes_nothing_of_the_others() {
    let server = Server::start().await;
    let development = server.source("segment", "segment", json!({}), json!([])).await;
    let production = server.endpoint_of(&server.get("/v1/sources/segment?environment=production").await, "production");
    development.expect(track("Here", "u", "", json!({})), &["logged"]).await;
    production.expect(track("There", "u", "", json!({})), &["logged"]).await;
    production.expect(track("There", "u", "", json!({})), &["logged"]).await;
    server.api_key("production").await;
    let dev = json!({"name": "dev", "scopes": ["admin"], "environments": ["development"]});
    let token = server.management_token(dev).await;
    server.management_token(json!({"name": "everywhere", "scopes": ["read"]})).await;
    let get = async |path: &str| {
        let response = server.request_with(&token, Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        read_json(response).await
    };
    let sources = get("/v1/sources?include=environment_settings").await;
    let settings = sources["entries"][0]["environment_settings"].as_object().unwrap();
    assert_eq!(settings.keys().collect::<Vec<_>>(), ["development"]);
    assert_eq!(get("/v1/sources/segment/status").await["events_count"], 1);
    let events = get("/v1/sources/segment/events").await;
    assert_eq!(
        (events["entries"].as_array().unwrap().len(), &events["entries"][0]["event"]),
        (1, &json!("track/Here"))
    );
    let environments = get("/v1/environments").await;
    assert_eq!(
        (environments["entries"].as_array().unwrap().len(), &environments["entries"][0]["slug"]),
        (1, &json!("development"))
    );
    let tokens = get("/v1/management_tokens").await;
    assert_eq!((tokens["entries"].as_array().unwrap().len(), &tokens["entries"][0]["name"]), (1, &json!("dev")));
    let changes = get("/v1/changes").await;
    assert!(
        changes["entries"].as_array().unwrap().iter().all(|change| change["environment"] == "development"),
        "{changes}"
    );

    let put = async |key: &str, source: Value| {
        let request = server.request_with(&token, Method::PUT, &format!("/v1/sources/{key}?environment=development"));
        request.json(&json!({ "source": source })).send().await.unwrap().status().as_u16()
    };
    let own = json!({"development": {"settings": {"handle_identifies": true}}});
    assert_eq!(put("segment", json!({"name": "segment", "environment_settings": own})).await, 200);
    assert_eq!(put("segment", json!({"name": "another"})).await, 403, "the name is everybody's");
    assert_eq!(
        put("new", json!({"name": "new", "preconfigured_provider": "http"})).await,
        403,
        "it would be everywhere"
    );
    let foreign = json!({"production": {"settings": {"handle_identifies": true}}});
    assert_eq!(put("segment", json!({"name": "segment", "environment_settings": foreign})).await, 422);
    let (key, production) =
        (server.api_key("development").await, server.get("/v1/sources/segment?environment=production").await);
    assert_eq!(production["environment_settings"]["production"]["settings"]["handle_identifies"], false);
    assert_eq!(server.get_with_key(&key, "/v1/users").await.0, 200);
    let made = server.request_with(&token, Method::POST, "/v1/environments/development/api_keys").send().await.unwrap();
    assert_eq!(made.status(), 201, "its own keys are its own business");
}

#[tokio::test]
async fn environments_never_see_each_other() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "Order", "action_type": "workflows_trigger",
                           "action_parameters": {"key": "order", "recipients": {"id": "user_id"}}}]);
    let settings = json!({"handle_identifies": true, "enforce_idempotency": true});
    let development = server.source("segment", "segment", settings, mappings).await;
    let source = server.get("/v1/sources/segment?environment=production").await;
    let production = server.endpoint_of(&source, "production");
    assert_eq!(source["environment_settings"]["production"]["settings"]["handle_identifies"], false);
    assert_eq!(source["environment_settings"]["production"]["mappings"], json!([]));
    development.expect(r#"{"type":"identify","userId":"ana","traits":{}}"#, &["executed"]).await;
    development.expect(track("Order", "ana", "k", json!({})), &["executed"]).await;
    production.expect(track("Order", "ana", "k", json!({})), &["logged"]).await;

    let (here, there) = (server.api_key("development").await, server.api_key("production").await);
    assert_eq!(server.get_with_key(&here, "/v1/users/ana").await.0, 200);
    assert_eq!(server.get_with_key(&there, "/v1/users/ana").await.0, 404);
    assert_eq!(server.get_with_key(&there, "/v1/users").await.1["entries"], json!([]));
    let run = server.all_runs(&here).await.remove(0);
    let id = run["id"].as_str().unwrap();
    assert!(server.all_runs(&there).await.is_empty());
    for path in [format!("/v1/workflow_runs/{id}"), format!("/v1/workflow_runs/{id}/recipients")] {
        assert_eq!(server.get_with_key(&here, &path).await.0, 200);
        assert_eq!(server.get_with_key(&there, &path).await.0, 404, "{path}");
    }
    let log = server.last_log("segment").await;
    let path = format!("/v1/sources/segment/logs?environment=production&id={}", log["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await["entries"], json!([]), "an id of another environment names nothing");
    let logs = server.get("/v1/sources/segment/logs?environment=production").await;
    assert_eq!(logs["entries"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/v1/sources/segment/status?environment=production").await["events_count"], 1);
}
