//! schemathesis sends generated requests, right and wrong ones, to every operation of a document: no answer is a server's
//! error, and every answer has the documented shape.
//!
//! Random requests have a bounded time: [`Plan::seconds`], or `INLET_SCHEMATHESIS_SECONDS` (`make fuzz-api` sets it).
//! The seed is printed; `INLET_SCHEMATHESIS_SEED` repeats it.

use std::{
    collections::BTreeMap,
    env, fs,
    hash::{BuildHasher as _, RandomState},
    io::Write as _,
    path::Path,
};

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, ServerOptions, read_json, track};
use reqwest::Method;
use serde_json::{Value, json};

use super::clients::{Program, clients, is_installed};

/// The longest that the cases of a document's shapes may take, in seconds; usually about ten.
const COVERAGE: u64 = 300;
/// The longest that random requests may take beyond their time, for the start and the last ones, in seconds.
const BEYOND: u64 = 120;
/// The checks of every answer.
const CHECKS: &str = "not_a_server_error,response_schema_conformance";

/// The address to which a document's requests are led, and the operations that need not succeed.
struct Plan<'a> {
    /// A URL, or a file of `tests/system`.
    document: &'a str,
    /// The time for random requests, in seconds.
    seconds: u64,
    /// Patterns of operations, and values of their parameters.
    names: Vec<(&'a str, Value)>,
    /// Patterns of operations, and bodies that succeed.
    bodies: Vec<(&'a str, Value)>,
    /// Patterns of operations that must not take these away.
    keep: &'a [&'a str],
    /// The credential of documents that name no security schemes.
    token: Option<&'a str>,
    /// Operations that generated requests cannot succeed at, or whose success is left to chance.
    may_fail: &'a [&'a str],
}

fn seed() -> u64 {
    env::var("INLET_SCHEMATHESIS_SEED").map_or_else(|_| RandomState::new().hash_one(0), |seed| seed.parse().unwrap())
}

/// The answers of each operation: by status code, their number.
type Answers = BTreeMap<String, BTreeMap<String, u64>>;

/// Runs schemathesis over a document: first the cases that its shapes suggest, to their end, then random ones for the time.
/// Every operation must have succeeded at least once, so that no check was idle.
async fn conforms(server: &Server, key: &str, plan: Plan<'_>) {
    let seconds = env::var("INLET_SCHEMATHESIS_SECONDS").map_or(plan.seconds, |seconds| seconds.parse().unwrap());
    let seed = seed().to_string();
    // Directly to the terminal, because the output of passing tests is captured.
    let _ = writeln!(std::io::stderr(), "schemathesis: {}: {seconds} s, INLET_SCHEMATHESIS_SEED={seed}", plan.document);
    let mut answers = send(server, key, &plan, &seed, &["--phases", "coverage"], COVERAGE);
    let random = ["--phases", "examples,fuzzing", "--max-time", &seconds.to_string()];
    for (operation, counts) in send(server, key, &plan, &seed, &random, seconds + BEYOND) {
        answers.entry(operation).or_default().extend(counts);
    }
    let succeeded = |counts: &BTreeMap<String, u64>| counts.keys().any(|status| status.starts_with('2'));
    let idle: Vec<_> = answers
        .iter()
        .filter(|(operation, counts)| !succeeded(counts) && !plan.may_fail.contains(&operation.as_str()))
        .collect();
    assert!(idle.is_empty(), "seed {seed}: these never succeeded, so their shapes were not checked: {idle:?}");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// Sends the requests of some phases, whose answers must all be right.
fn send(server: &Server, key: &str, plan: &Plan<'_>, seed: &str, phases: &[&str], patience: u64) -> Answers {
    let directory = tempfile::tempdir().unwrap();
    let (plan_file, answers) = (directory.path().join("plan.json"), directory.path().join("answers.json"));
    let content = json!({"names": plan.names, "bodies": plan.bodies, "keep": plan.keep, "answers": answers});
    fs::write(&plan_file, content.to_string()).unwrap();
    let document = match plan.document.starts_with("http") {
        true => plan.document.to_owned(),
        false => Path::new(env!("CARGO_MANIFEST_DIR")).join(plan.document).display().to_string(),
    };
    let config = clients().join("fuzz/schemathesis.toml");
    let mut program = Program::new(".venv/bin/schemathesis")
        .directory(directory.path())
        .args(["--config-file", config.to_str().unwrap(), "run", &document, "--url", &server.admin])
        .args(phases)
        .args(["--checks", CHECKS, "--continue-on-failure", "--seed", seed, "--request-timeout", "30"])
        .args(["--generation-database", "none", "--no-color"])
        // They do not end.
        .args(["--exclude-operation-id", "streamLogs", "--exclude-operation-id", "streamSourceLogs"])
        .env("SCHEMATHESIS_HOOKS", clients().join("fuzz/hooks.py").to_str().unwrap())
        .env("INLET_FUZZ_PLAN", plan_file.to_str().unwrap())
        .env("INLET_MANAGEMENT_TOKEN", MANAGEMENT_TOKEN)
        .env("INLET_API_KEY", key)
        .patience(patience);
    if let Some(token) = plan.token {
        program = program.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    program.run();
    serde_json::from_slice(&fs::read(answers).unwrap()).unwrap()
}

/// Operations that would end the sources, environments and credentials that the requests of a document use.
const KEEP: &[&str] = &[
    r"^DELETE /v1/sources/\{key\}$",
    r"^DELETE /v1/environments/\{slug\}$",
    r"^DELETE /v1/environments/\{slug\}/api_keys/\{id\}$",
    r"^DELETE /v1/management_tokens/",
    r"^PUT /v1/configuration$",
];

/// The management API with one of each resource.
struct Managed {
    server: Server,
    key: String,
    names: Vec<(&'static str, Value)>,
    bodies: Vec<(&'static str, Value)>,
}

async fn managed() -> Managed {
    // The address is refused, so that operational events wait.
    let options = ServerOptions::default()
        .env("INLET_OPERATIONAL_EVENTS_URL", "https://192.0.2.1/operations")
        .env("INLET_OPERATIONAL_EVENTS_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let server = Server::start_with(options).await;
    let mappings = json!([{"event_type": "track/Order Completed", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order-confirmation", "data": {"total": "data.total"}}}]);
    let endpoint = server.source("webshop", "segment", json!({"handle_identifies": true}), mappings.clone()).await;
    endpoint.send(json!({"type": "identify", "userId": "ana", "traits": {"name": "Ana"}}).to_string()).await;
    // Its address is refused, so that its deliveries wait.
    let target = json!({"target": {"kind": "webhook", "url": "https://192.0.2.1/inlet"}});
    for name in ["mailer", "unneeded"] {
        let path = format!("/v1/targets/{name}?environment=development");
        assert_eq!(server.manage(Method::PUT, &path).json(&target).send().await.unwrap().status(), 200);
    }
    let order = track("Order Completed", "ana", "m-1", json!({"total": 39.5}));
    endpoint.send(order.clone()).await;
    let log = server.last_log("webshop").await["id"].clone();
    let replays = "/v1/sources/webshop/replays?environment=development";
    let replay = server.manage(Method::POST, replays).json(&json!({"ids": [log]})).send().await.unwrap();
    assert_eq!(replay.status(), 202);
    let replay = read_json(replay).await["id"].clone();
    let signed = server.source("signed", "segment", json!({"signing_secret": "s3cr3t-of-a-test"}), json!([])).await;
    assert_eq!(signed.post("{}").send().await.unwrap().status(), 401);
    let refused = server.get("/v1/sources/signed/refused?environment=development").await["entries"][0]["id"].clone();
    let issue = server.get("/v1/issues?environment=development").await["entries"][0]["id"].clone();
    // To a URL that leads nowhere.
    assert_eq!(server.manage(Method::POST, "/wp-login.php").send().await.unwrap().status(), 404);
    server.source("changing", "segment", json!({}), json!([])).await;
    let key = server.api_key("development").await;
    for path in
        ["users/bo", "users/forgotten", "objects/projects/p1", "objects/projects/p2", "tenants/acme", "tenants/globex"]
    {
        let path = format!("/v1/{path}");
        let named = server.request_with(&key, Method::PUT, &path).json(&json!({"name": "N"})).send().await.unwrap();
        assert_eq!(named.status(), 200, "{path}");
    }
    let forget = server.request_with(&key, Method::POST, "/v1/users/forgotten/forget").send().await.unwrap();
    assert_eq!(forget.status(), 202);
    let run = server.all_runs(&key).await[0]["id"].clone();
    let deliveries = server.get("/v1/deliveries?environment=development&target=mailer").await;
    let delivery = deliveries["entries"][0]["id"].clone();
    let users = json!({"users": [{"id": "bulk"}]});
    let bulk = server.request_with(&key, Method::POST, "/v1/users/bulk/identify").json(&users).send().await.unwrap();
    assert_eq!(bulk.status(), 200);
    let bulk = read_json(bulk).await["id"].clone();
    let token = endpoint.path().rsplit('/').next().unwrap().to_owned();
    let segment = server.get("/v1/source_providers/segment").await;

    let of = |key: &str, id: &Value| json!({"key": key, "id": id, "environment": "development"});
    let names = vec![
        (r"^(PUT|DELETE) /v1/sources/\{key\}$|/(plugin|rotate_endpoint)$", of("changing", &json!("none"))),
        (r" /v1/sources/\{key\}/refused", of("signed", &refused)),
        (r" /v1/sources/\{key\}/replays", of("webshop", &replay)),
        (r" /v1/sources/\{key\}/send$", of("signed", &json!("none"))),
        (r" /v1/sources/\{key\}/events", {
            let mut webshop = of("webshop", &log);
            webshop["event"] = json!("track/Order Completed");
            webshop
        }),
        (
            r"^GET /v1/sources/\{key\}/compare$",
            json!({"key": "webshop", "from": "development", "environment": "production"}),
        ),
        (r" /v1/sources/\{key\}/send$", of("signed", &json!("none"))),
        (r" /v1/sources", of("webshop", &log)),
        (r" /v1/(logs|actions)", of("webshop", &log)),
        (r" /v1/search", json!({"q": "ana", "environment": "development"})),
        (r" /v1/issues", json!({"id": issue, "environment": "development"})),
        (r" /v1/source_providers", json!({"key": "segment"})),
        (r" /v1/catalog", json!({"key": "inlet/stripe"})),
        (r" /v1/environments", json!({"slug": "development"})),
        (r"^DELETE /v1/users/\{[a-z_]+\}$", json!({"id": "bo", "user_id": "bo"})),
        (r"^DELETE /v1/objects/\{collection\}/\{[a-z_]+\}$", json!({"collection": "projects", "id": "p2"})),
        (r"^DELETE /v1/tenants/\{[a-z_]+\}$", json!({"id": "globex"})),
        (r" /v1/users/\{[a-z_]+\}/forget$", json!({"id": "forgotten"})),
        (r" /v1/users/", json!({"id": "ana", "user_id": "ana"})),
        (r" /v1/objects/", json!({"collection": "projects", "id": "p1", "object_id": "p1"})),
        (r" /v1/tenants/bulk/delete$", json!({"tenant_ids": "bulk", "tenant_ids[]": "bulk"})),
        (r" /v1/tenants/", json!({"id": "acme"})),
        (r"^GET /v1/workflows$", json!({"environment": "development"})),
        (r" /v1/workflows/", json!({"key": "order"})),
        (r" /v1/audiences/", json!({"key": "trial"})),
        (r" /v1/variables", json!({"key": "CURRENCY", "environment": "development"})),
        (r"^POST /v1/workflow_runs", json!({"id": run, "environment": "development"})),
        (r" /v1/workflow_runs", json!({"id": run})),
        (r"^DELETE /v1/targets/", of("unneeded", &delivery)),
        (r" /v1/targets", of("mailer", &delivery)),
        (r" /v1/deliveries", of("mailer", &delivery)),
        (r" /v1/bulk_operations/", json!({"id": bulk})),
        (r" /integrations/receive/", json!({"token": token})),
    ];
    let settings = json!({"environment_settings": {"development": {"mappings": mappings}}});
    let payload: Value = serde_json::from_str(&order).unwrap();
    let bodies = vec![
        (r"^PUT /v1/sources/\{key\}$", json!({"source": settings})),
        (r"/rehearse$", json!({"payload": payload})),
        (r"/rehearse/last$", json!({"last": 10, "list": 5, "mappings": mappings})),
        (r"/send$", json!({"payload": payload, "sign": true})),
        (r"/plugin$", json!({"version": segment["version"]})),
        (r"/plugin/compare$", json!({"new": segment["version"]})),
        (r"/attention/dismiss$", json!({"ids": [log]})),
        (r"/mute$", json!({"seconds": 60})),
        (r"/refused/dismiss$", json!({"ids": [refused]})),
        (r"/unrouted_requests/dismiss$", json!({"cause": "unknown_path"})),
        (r"/refused/verify$", json!({"order": "oldest"})),
        (r"^POST /v1/environments$", json!({"slug": "staging", "name": "Staging"})),
        (r"^PATCH /v1/environments/", json!({"name": "Development"})),
        (r"^POST /v1/management_tokens$", json!({"name": "reader", "scopes": ["read"]})),
        (r" /integrations/receive/", payload),
        (r"^PUT /v1/(users|objects|tenants)/", json!({"name": "Named", "plan": {"seats": 5}})),
        (r"/trigger$", json!({"recipients": ["ana"], "data": {"n": 1}, "cancellation_key": "k"})),
        (r"/workflows/\{key\}/cancel$", json!({"cancellation_key": "k"})),
        (r"^PUT /v1/variables/", json!({"variable": {"value": "EUR"}})),
        (r"^PUT /v1/targets/", target),
        (r"/targets/\{key\}/test$", json!({"workflow": "order"})),
        (r"/deliveries/(discard|redrive)$", json!({"target": "mailer", "dry_run": true})),
        (r"/users/bulk/identify$", json!({"users": [{"id": "bulk", "name": "Bulk"}]})),
        (r"/users/bulk/delete$", json!({"user_ids": ["bulk"]})),
        (r"/objects/\{collection\}/bulk/set$", json!({"objects": [{"id": "bulk", "name": "Bulk"}]})),
        (r"/objects/\{collection\}/bulk/delete$", json!({"object_ids": ["bulk"]})),
        (r"/custom-destination$", json!({"jsonrpc": "2.0", "id": "1", "method": "list_objects"})),
        (r"/embedded-destination$", json!({"jsonrpc": "2.0", "id": "1", "method": "list_objects"})),
        (r"/tenants/bulk/set$", json!({"tenants": [{"id": "bulk", "name": "Bulk"}]})),
        (
            r"^POST .*/subscriptions$",
            json!({"recipients": ["ana", {"id": "bea", "name": "Bea"}], "properties": {"n": 1}}),
        ),
        (r"^DELETE .*/subscriptions$", json!({"recipients": ["ana"]})),
        (r" /v1/audiences/\{key\}/members$", json!({"members": [{"user": {"id": "ana", "name": "Ana"}}]})),
    ];
    Managed { server, key, names, bodies }
}

/// Every operation of the server's own document.
#[tokio::test]
async fn the_servers_own_document() {
    if !is_installed() {
        return;
    }
    let Managed { server, key, names, bodies } = managed().await;
    let document = format!("{}/openapi.json", server.admin);
    // Generated requests make no component, end no source that the others need, and meet no replay while it runs. Those of
    // variables need what another operation has made before, and a delivery that was never sent is not sent again. A run
    // without a cancellation key is not canceled, and no plugin is checked for a minute.
    let may_fail = &[
        "POST /v1/source_providers",
        "PUT /v1/source_providers/{key}",
        "DELETE /v1/source_providers/{key}/versions/{version}",
        "DELETE /v1/sources/{key}",
        "DELETE /v1/sources/{key}/replays/{id}",
        "DELETE /v1/environments/{slug}",
        "DELETE /v1/environments/{slug}/api_keys/{id}",
        "DELETE /v1/management_tokens/{id}",
        "GET /v1/variables/{key}",
        "DELETE /v1/variables/{key}",
        "POST /v1/deliveries/{id}/redrive",
        "POST /v1/workflow_runs/{id}/cancel",
        "POST /v1/source_providers/{key}/versions/{version}/conformance",
    ];
    let plan = Plan { document: &document, seconds: 30, names, bodies, keep: KEEP, token: None, may_fail };
    conforms(&server, &key, plan).await;
}

/// The shapes of sources that Knock's management API has.
#[tokio::test]
async fn the_contract_of_sources() {
    if !is_installed() {
        return;
    }
    let Managed { server, key, names, bodies } = managed().await;
    let document = "contract/sources-management.openapi.yaml";
    let token = Some(MANAGEMENT_TOKEN);
    conforms(&server, &key, Plan { document, seconds: 20, names, bodies, keep: KEEP, token, may_fail: &[] }).await;
}

/// The shapes of recipients, subscriptions, audiences, bulk operations and workflows that Knock's API has.
#[tokio::test]
async fn the_contract_of_recipients() {
    if !is_installed() {
        return;
    }
    let Managed { server, key, names, bodies } = managed().await;
    let document = "contract/recipients.openapi.yaml";
    conforms(&server, &key, Plan { document, seconds: 30, names, bodies, keep: &[], token: Some(&key), may_fail: &[] })
        .await;
}
