//! The plugin `script`: JavaScript as an option of a source, through the real server.

use inlet_system_tests::{Endpoint, Server, http_changed, read_json};
use reqwest::Method;
use serde_json::{Value, json};

use crate::admission::wait_for_gauge;

const ORDERS: &str = "function main({ body, vars }) {
  return body.orders.map((order, index) => ({
    event: 'order.created',
    user_id: order.customer,
    data: { total: order.total, region: vars.region },
    idempotency_key: order.id,
    original: `/orders/${index}`,
  }));
}";

async fn script(server: &Server, key: &str, script: &str) -> Endpoint {
    let mapping = json!({"event_type": "order.created", "action_type": "workflows_trigger",
        "action_parameters": {"key": "confirm", "recipients": {"value": [{"id": "u_9"}]}, "data": {"total": "data.total"}}});
    server.source(key, "script", json!({"options": {"script": script}}), json!([mapping])).await
}

/// Saves a script that is refused, and returns the field and the sentence.
async fn refused(server: &Server, settings: Value) -> (String, String) {
    let source = json!({"name": "S", "preconfigured_provider": "script",
        "environment_settings": {"development": {"settings": settings}}});
    let (status, answer) = server.try_put_source("refused", "development", source).await;
    assert_eq!(status, 422, "{answer}");
    let text = |member: &str| answer[member].as_str().unwrap().to_owned();
    (text("field"), text("message"))
}

/// Sends a body whose every item is rejected, and returns the first reason.
async fn reason(endpoint: &Endpoint) -> String {
    let (status, answer) = endpoint.try_send("{}").await;
    assert_eq!(status, 422, "{answer}");
    answer["events"][0]["reason"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Returns true if a text says that a plugin was stopped by its limit of time, or, on a busy machine, while it waited for a processor.
fn is_stopped(text: &str) -> bool {
    text.contains("ran longer than") || text.contains("was stopped, before it had run")
}

/// All on one server, because compiling the engine takes each of them many seconds of all processors.
#[tokio::test]
async fn scripts() {
    let server = &Server::start().await;
    a_batch_is_executed_and_sees_the_public_variables(server).await;
    a_script_is_checked_when_it_is_saved(server).await;
    what_a_script_does_wrong_is_rejected_with_its_line(server).await;
    a_script_without_end_is_stopped_and_harms_nobody(server).await;
    a_source_with_a_preprocess_script_runs_it(server).await;
    a_script_is_rehearsed_before_it_is_saved(server).await;
    a_version_that_refuses_the_script_is_not_taken(server).await;
}

async fn a_batch_is_executed_and_sees_the_public_variables(server: &Server) {
    for (key, kind, value) in [("region", "public", "eu"), ("token", "secret", "s3cr3t")] {
        let request = server.manage(Method::PUT, &format!("/v1/variables/{key}?environment=development"));
        let response = request.json(&json!({"variable": {"type": kind, "value": value}})).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }
    let endpoint = script(server, "shop", ORDERS).await;
    let body = r#"{"orders":[{"id":"o-1","customer":"u_1","total":39.5},{"id":"o-2","customer":"u_2","total":7}]}"#;
    endpoint.expect(body, &["executed", "executed"]).await;
    let log = server.last_log("shop").await;
    assert_eq!(log["data"], json!({"total": 7, "region": "eu"}), "{log}");
    assert_eq!(log["actions"][0]["action_status"], "success", "{log}");

    let endpoint = script(server, "vars", "const main = ({ vars }) => ({ event: 't', data: vars })").await;
    endpoint.expect("{}", &["logged"]).await;
    let seen = server.last_log("vars").await["data"].clone();
    assert_eq!(seen, json!({"region": "eu"}), "a secret variable never reaches a plugin");
}

async fn a_script_is_checked_when_it_is_saved(server: &Server) {
    let wrong = "function main({ body }) {\n  return { event: body.type ;\n}";
    let (field, message) = refused(server, json!({"options": {"script": wrong}})).await;
    assert_eq!(field, "source.environment_settings.development.settings.options.script");
    insta::assert_snapshot!(message, @"The script has an error at 2:29: SyntaxError: expected one of ',' or '}', got ';' in object literal.");
    let (field, message) =
        refused(server, json!({"preprocess_script": {"language": "javascript", "source": "const mian = 1;"}})).await;
    assert_eq!(field, "source.environment_settings.development.settings.preprocess_script");
    insta::assert_snapshot!(message, @"The script defines no function `main`. Begin with `function main({ body }) {`.");
    let (_, message) = refused(server, json!({"options": {"script": "while (true) {}"}})).await;
    assert!(is_stopped(&message), "{message}");
    let (_, message) = refused(server, json!({"options": {"script": "x".repeat(65537)}})).await;
    assert!(message.contains("65536"), "{message}");
    let (status, _) = server.try_put_source("refused", "development", json!({"name": "S"})).await;
    assert_eq!(status, 422, "nothing was created");
    // A rehearsal of a proposed script is checked in the same way.
    script(server, "shop", ORDERS).await;
    let path = "/v1/sources/shop/rehearse?environment=development";
    let proposed = json!({"payload": {}, "settings": {"options": {"script": wrong}}});
    let response = server.manage(Method::POST, path).json(&proposed).send().await.unwrap();
    assert_eq!(response.status(), 422, "{}", response.text().await.unwrap());
    // And so is a document.
    let document =
        json!({"sources": {"shop": {"environments": {"development": {"settings": {"options": {"script": wrong}}}}}}});
    let response = server.manage(Method::PUT, "/v1/configuration").json(&document).send().await.unwrap();
    let (status, answer) = (response.status(), read_json(response).await);
    assert_eq!(
        (status.as_u16(), answer["field"].as_str().unwrap()),
        (422, "sources.shop.environments.development.settings.options.script")
    );
}

async fn what_a_script_does_wrong_is_rejected_with_its_line(server: &Server) {
    let of = async |key: &str, source: &str| reason(&script(server, key, source).await).await;
    insta::assert_snapshot!(of("type", "function main({ body }) {\n  return { event: body.order.type };\n}").await, @"The script failed at 2:30: TypeError: cannot convert 'null' or 'undefined' to object.");
    insta::assert_snapshot!(of("own", "function main() {\n\n  throw new Error('no customer');\n}").await, @"The script failed at 3:9: no customer.");
    insta::assert_snapshot!(of("cycle", "function main() {\n  const data = {};\n  data.self = data;\n  return { event: 't', data };\n}").await, @"main returned an object that contains itself; an event is a tree.");
    insta::assert_snapshot!(of("recursion", "function main(r) {\n  return main(r);\n}").await, @"The script failed at 2:14: RuntimeLimitError: reached the maximum number of recursive calls on this execution.");
    insta::assert_snapshot!(of("number", "const main = () => 7").await, @"main returned a number; expected an event as an object, or null.");
}

/// A script without end, and one that takes memory without end, are stopped, and other sources go on meanwhile.
async fn a_script_without_end_is_stopped_and_harms_nobody(server: &Server) {
    let good = script(server, "good", "const main = ({ body }) => ({ event: 't', data: body })").await;
    let looping = script(server, "looping", "function main() {\n  while (true) {}\n}").await;
    let greedy = script(
        server,
        "greedy",
        "function main() {\n  const all = [];\n  while (true) all.push(new Array(1000).fill(all.length));\n}",
    )
    .await;
    let pattern =
        script(server, "pattern", "const main = () => ({ event: String(/^(a+)+$/.test('a'.repeat(40) + '!')) })").await;
    let stopped = [looping, greedy, pattern].map(|endpoint| tokio::spawn(async move { endpoint.send("{}").await }));
    for _ in 0..20 {
        good.expect(r#"{"a":1}"#, &["logged"]).await;
    }
    for answer in stopped {
        let answer = answer.await.unwrap();
        assert_eq!(answer["events"][0]["outcome"], "failed", "{answer}");
    }
    let why = async |key: &str| server.last_log(key).await.to_string();
    assert!(is_stopped(&why("looping").await), "{}", why("looping").await);
    assert!(is_stopped(&why("pattern").await), "{}", why("pattern").await);
    let greedy = why("greedy").await;
    assert!(greedy.contains("of memory; its limit is") || is_stopped(&greedy), "{greedy}");
    good.expect(r#"{"a":2}"#, &["logged"]).await;

    let text = format!("// {}\nfunction main() {{\n  while (true) {{}}\n}}", "x".repeat(60_000));
    let long = script(server, "long", &text).await;
    let sent = tokio::spawn(async move { long.send("{}").await });
    // Every request has a copy of it for its plugin, which is counted as long as the request is there.
    wait_for_gauge(server, "inlet_in_flight_bytes", |bytes| bytes > 60_000.0).await;
    sent.await.unwrap();
    wait_for_gauge(server, "inlet_in_flight_bytes", |bytes| bytes == 0.0).await;
}

/// A client of Knock's management API sets `preprocess_script`, and reads it again.
async fn a_source_with_a_preprocess_script_runs_it(server: &Server) {
    let source = "function main({ body, headers }) {\n  return { verified: body.kind === 'order', tier: 'gold' };\n}";
    let setting = json!({"language": "javascript", "source": source});
    let put = async |provider: Option<&str>, settings: Value| {
        let mut source = json!({"name": "Custom", "environment_settings": {"development": {"settings": settings}}});
        if let Some(provider) = provider {
            source["preconfigured_provider"] = provider.into();
        }
        server.try_put_source("custom", "development", source).await
    };
    let (status, answer) =
        put(Some("http"), json!({"preprocess_script": setting, "event_type_path": "body.kind"})).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["source"]["preconfigured_provider"], "script");
    let settings = &answer["source"]["environment_settings"]["development"]["settings"];
    assert_eq!((&settings["preprocess_script"], &settings["options"]["script"]), (&setting, &json!(source)));
    let endpoint = server.endpoint_of(&answer["source"], "development");
    endpoint.expect(r#"{"kind":"order","id":7}"#, &["logged"]).await;
    let log = server.last_log("custom").await;
    assert_eq!(log["event"], "order");
    assert_eq!(log["data"]["preprocess"], json!({"tier": "gold"}), "{log}");
    let (status, answer) = endpoint.try_send(r#"{"kind":"refund"}"#).await;
    assert_eq!((status, &answer["events"][0]["outcome"]), (422, &json!("rejected")), "{answer}");

    // The same request again, as it was sent and as it was shown.
    let (status, _) = put(Some("http"), json!({"preprocess_script": setting})).await;
    assert_eq!(status, 200);
    let (status, answer) = put(None, settings.clone()).await;
    assert_eq!(status, 200, "{answer}");
    // Null restores the plugin's own script.
    let (status, answer) = put(None, json!({"preprocess_script": null})).await;
    let settings = &answer["source"]["environment_settings"]["development"]["settings"];
    assert_eq!(status, 200, "{answer}");
    assert!(settings["preprocess_script"]["source"].as_str().unwrap().contains("function main"), "{settings}");
    for (wrong, field) in [
        (json!("function main() {}"), "preprocess_script"),
        (json!({"language": "python", "source": "x"}), "preprocess_script.language"),
        (json!({"language": "javascript"}), "preprocess_script.source"),
    ] {
        let (status, answer) = put(None, json!({"preprocess_script": wrong})).await;
        assert_eq!(status, 422, "{answer}");
        assert!(answer["field"].as_str().unwrap().ends_with(field), "{field}: {answer}");
    }
    let both = json!({"preprocess_script": setting, "options": {"script": "const main = () => null"}});
    assert_eq!(put(None, both).await.0, 422);
}

/// A rehearsal tries a script that is not saved, on a body that never came.
async fn a_script_is_rehearsed_before_it_is_saved(server: &Server) {
    script(server, "tried", ORDERS).await;
    let path = "/v1/sources/tried/rehearse?environment=development";
    let proposed = json!({
        "payload": {"id": "o-7", "who": "u_7"},
        "settings": {"options": {"script": "const main = ({ body }) => ({ event: 'order.created', user_id: body.who, data: { total: 1 } })"}},
    });
    let response = server.manage(Method::POST, path).json(&proposed).send().await.unwrap();
    let rehearsal = read_json(response).await;
    assert_eq!(rehearsal["items"][0]["outcome"], "executed", "{rehearsal}");
    assert!(server.logs("tried").await.is_empty(), "a rehearsal writes nothing");
}

/// A version may take a script that another one refuses.
async fn a_version_that_refuses_the_script_is_not_taken(server: &Server) {
    let unchecked = http_changed("script", "0.0.1", |manifest| {
        manifest["options"] = json!({"type": "object", "properties": {"script": {"type": "string"}}});
    });
    let (status, answer) = server.add_version("script", "&replace=true", &unchecked).await;
    assert_eq!(status, 201, "{answer}");
    script(server, "older", ORDERS).await;
    let (status, answer) = server.use_version("older", "0.0.1", true).await;
    assert_eq!(status, 200, "{answer}");
    script(server, "older", "function main( {").await;

    let (status, answer) = server.use_version("older", "0.1.0", false).await;
    assert_eq!(status, 409, "{answer}");
    insta::assert_snapshot!(answer["message"].as_str().unwrap(), @"the version 0.1.0 was not taken: it does not take the source's options: options.script: The script ends in the middle: a bracket, a quote or a comment is not closed; look at it, and send confirm true (inlet plugin use --confirm)");
    let document = async |environment: Value| {
        let document = json!({"sources": {"older": {"environments": {"development": environment}}}});
        let response = server.manage(Method::PUT, "/v1/configuration").json(&document).send().await.unwrap();
        let (status, answer) = (response.status(), read_json(response).await);
        assert_eq!(status, 422, "{answer}");
        answer["field"].as_str().unwrap().to_owned()
    };
    let place = "sources.older.environments.development";
    assert_eq!(document(json!({"plugin": "0.1.0"})).await, format!("{place}.plugin"));
    let same = json!({"plugin": "0.1.0", "settings": {"options": {"script": "function main( {"}}});
    assert_eq!(document(same).await, format!("{place}.settings.options.script"));
    let (status, answer) = server.use_version("older", "0.1.0", true).await;
    assert_eq!(status, 200, "{answer}");
}
