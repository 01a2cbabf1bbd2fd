//! The author's tool against a running server, command by command.

use inlet_system_tests::{
    MANAGEMENT_TOKEN, Server, bundled_plugin, digest, http_changed, http_version, platform_plugin, repack, track,
};
use reqwest::Method;
use serde_json::json;

use super::{
    author_tool::Tool,
    file_server::{file_server, tls_file, tls_file_server},
};

#[tokio::test]
async fn a_version_is_added_used_and_removed() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    let (first, second) = (http_version("acme/http", "1.0.0"), http_version("acme/http", "1.1.0"));
    tool.file("first.wasm", &first);
    let added = tool.printed(&["add", "first.wasm"]);
    assert_eq!(
        added,
        format!(
            "acme/http 1.0.0 is in the server.\n{}\nNo source has it yet. A new one: inlet source create \
             NAME@ENVIRONMENT --plugin acme/http\nOne that exists: inlet plugin use SOURCE@ENVIRONMENT 1.0.0\n",
            digest(&first)
        )
    );
    let endpoint = server.source("crm", "acme/http", json!({}), json!([])).await;
    let from_the_web =
        format!("{}/second.wasm", file_server("200 OK\r\ncontent-type: application/wasm", second.clone()));
    tool.printed(&["add", &from_the_web, "--digest", &digest(&second)]);
    let listed = tool.printed(&["list"]);
    assert!(
        listed
            .lines()
            .any(|line| line.starts_with("acme/http ") && line.contains(" 1.1.0 ") && line.contains(&digest(&second))),
        "{listed}"
    );
    assert!(listed.lines().any(|line| line.starts_with("segment ")), "{listed}");

    let used = tool.printed(&["use", "crm@development", "1.1.0"]);
    assert!(used.contains(&format!("crm@development has acme/http 1.1.0 now.\n{}", digest(&second))), "{used}");
    endpoint.expect(track("Order", "u", "", json!({})), &["logged"]).await;
    assert_eq!(server.last_log("crm").await["plugin"]["digest"], digest(&second));
    let shown = tool.printed(&["show", "acme/http"]);
    let users = |version: &str| -> Vec<&str> {
        let lines = shown.lines().skip_while(|line| !line.starts_with(version)).skip(1);
        lines.take_while(|line| line.starts_with("    ")).map(str::trim).collect()
    };
    assert_eq!((users("1.0.0"), users("1.1.0")), (vec!["crm@production"], vec!["crm@development"]), "{shown}");

    let unconfirmed = tool.refused(&["remove", "acme/http@1.0.0"]);
    assert!(unconfirmed.ends_with("confirm it with --yes"), "{unconfirmed}");
    let in_use = tool.refused(&["remove", "acme/http@1.0.0", "--yes"]);
    assert!(in_use.contains("is in use: crm in production"), "{in_use}");
    let used = tool.printed(&["use", "crm@production", "latest"]);
    assert!(used.contains("crm@production has acme/http 1.1.0 now, and follows latest."), "{used}");
    assert_eq!(tool.printed(&["remove", "acme/http@1.0.0", "--yes"]), "acme/http 1.0.0 is removed.\n");
    assert!(!tool.printed(&["show", "acme/http"]).contains("1.0.0"));
}

#[tokio::test]
async fn what_cannot_be_added_is_refused_in_one_sentence_and_changes_nothing() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    let good = http_version("acme/http", "1.0.0");
    tool.file("good.wasm", &good);
    let wrong = tool.refused(&["add", "good.wasm", "--digest", &digest(b"other")]);
    assert!(wrong.contains(&digest(&good)) && wrong.contains(&digest(b"other")), "{wrong}");

    tool.file("page.wasm", b"<html>");
    let page = tool.refused(&["add", "page.wasm"]);
    assert!(page.starts_with("inlet: page.wasm: the file is not WebAssembly"), "{page}");
    let html =
        format!("{}/x.wasm", file_server("200 OK\r\ncontent-type: text/html; charset=utf-8", b"<html>".to_vec()));
    let page = tool.refused(&["add", &html]);
    assert_eq!(
        page,
        format!(
            "inlet: {html} gave text/html, a page for people; expected a plugin: look for the link to the file itself"
        )
    );
    let gone = tool.refused(&["add", &file_server("404 Not Found", b"no".to_vec())]);
    assert!(gone.ends_with("answered 404 Not Found; expected 200 and a plugin"), "{gone}");
    // Over the size limit, announced or not; nobody reads the whole body.
    let announced = file_server("200 OK\r\ncontent-length: 67108865", Vec::new());
    let endless = file_server("200 OK", vec![0; (64 << 20) + 1]);
    for url in [announced, endless] {
        let large = tool.refused(&["add", &url]);
        assert_eq!(large, format!("inlet: {url} is larger than 67108864 bytes, the most that a plugin may have"));
    }
    let redirect = tool.refused(&["add", &file_server("302 Found\r\nlocation: http://example.com/x.wasm", Vec::new())]);
    assert!(redirect.contains("answered 302 Found"), "{redirect}");
    let plain = tool.refused(&["add", "http://example.com/x.wasm"]);
    assert!(plain.contains("is not fetched over http"), "{plain}");
    let missing = tool.refused(&["add", "none.wasm"]);
    assert!(missing.starts_with("inlet: cannot read none.wasm: "), "{missing}");

    let bundled = http_version("http", "9.0.0");
    tool.file("http.wasm", &bundled);
    let taken = tool.refused(&["add", "http.wasm"]);
    assert!(taken.contains("is a plugin that the server comes with"), "{taken}");
    assert!(!tool.printed(&["list"]).contains("acme/http"));
    tool.printed(&["add", "http.wasm", "--replace"]);
    assert!(tool.printed(&["list"]).contains(&digest(&bundled)));
}

#[tokio::test]
async fn what_is_fetched_comes_over_https_to_its_end() {
    let server = Server::start().await;
    let mut tool = Tool::of(&server);
    let good = http_version("acme/http", "1.0.0");
    let url = format!("{}/http.wasm", tls_file_server("200 OK\r\ncontent-type: application/wasm", good.clone()));
    let unknown = tool.refused(&["add", &url]);
    assert!(unknown.starts_with(&format!("inlet: cannot fetch {url}: ")), "{unknown}");
    assert!(!tool.printed(&["list"]).contains("acme/http"), "a certificate that nobody trusts");

    tool.trusted = Some(tls_file("certificate.pem"));
    let to_plain = format!("302 Found\r\nlocation: {}/x.wasm", file_server("200 OK", good.clone()));
    let downgraded = tool.refused(&["add", &tls_file_server(to_plain.leak(), Vec::new())]);
    assert!(downgraded.starts_with("inlet: cannot fetch https://") && downgraded.contains("https"), "{downgraded}");
    assert!(!tool.printed(&["list"]).contains("acme/http"), "nothing over http, redirected or not");
    let to_itself = format!("302 Found\r\nlocation: {url}").leak();
    tool.printed(&["add", &tls_file_server(to_itself, Vec::new())]);
    assert!(tool.printed(&["list"]).contains(&digest(&good)));
}

#[tokio::test]
async fn without_a_server_a_token_or_a_version_there_is_one_sentence() {
    let server = Server::start().await;
    let mut tool = Tool::of(&server);
    tool.add(&["1.0.0"]);
    server.source("crm", "acme/http", json!({}), json!([])).await;
    let unknown = tool.refused(&["use", "crm@development", "7.0.0"]);
    assert!(
        unknown.contains(r#"inlet: there is no "7.0.0" of "acme/http"; expected latest or one of 1.0.0"#),
        "{unknown}"
    );
    let unknown = tool.refused(&["use", "nothing@development", "1.0.0"]);
    assert!(unknown.contains(r#"there is no source "nothing""#), "{unknown}");
    let unknown = tool.refused(&["use", "crm@nowhere", "1.0.0"]);
    assert!(unknown.contains(r#"there is no environment "nowhere""#), "{unknown}");
    let unknown = tool.refused(&["show", "acme/other"]);
    assert!(unknown.contains(r#"there is no provider "acme/other""#), "{unknown}");
    let unknown = tool.refused(&["remove", "acme/http@7.0.0", "--yes"]);
    assert!(unknown.contains(r#"there is no version "7.0.0""#), "{unknown}");
    let usage = tool.run(&["use", "crm", "1.0.0"]);
    let usage = String::from_utf8(usage.stderr).unwrap();
    assert!(usage.contains("expected SOURCE@ENVIRONMENT, for example shop@development"), "{usage}");

    let other = http_changed("acme/http", "2.0.0", |manifest| {
        manifest["verification"] = json!({
            "scheme": "shared_secret", "header": "x-other-secret",
            "vectors": [{
                "name": "the secret", "secret": "s3cr3t", "headers": {"x-other-secret": "s3cr3t"}, "body": "{}",
                "verified": true,
            }],
        });
    });
    tool.file("other.wasm", &other);
    tool.printed(&["add", "other.wasm"]);
    let differs = tool.refused(&["use", "crm@development", "2.0.0"]);
    assert!(differs.contains("it verifies in another way than is in force"), "{differs}");
    tool.printed(&["use", "crm@development", "2.0.0", "--confirm"]);

    tool.token = "im_wrong".to_owned();
    let token = tool.refused(&["list"]);
    assert!(token.contains("token"), "{token}");
    tool.token = String::new();
    let none = tool.refused(&["list"]);
    assert!(none.contains("inlet-data/management-token does not hold one; set INLET_TOKEN"), "{none}");
    tool.file("token", MANAGEMENT_TOKEN.as_bytes());
    tool.printed(&["list", "--token-file", "token"]);
    let none = tool.refused(&["list", "--token-file", "none"]);
    assert_eq!(none, "inlet: there is no token in none; correct --token-file");
    tool.token = MANAGEMENT_TOKEN.to_owned();
    tool.server = "http://127.0.0.1:9".to_owned();
    let nobody = tool.refused(&["list"]);
    assert!(
        nobody.starts_with("inlet: no server answers at http://127.0.0.1:9; start one with `inlet serve`"),
        "{nobody}"
    );
    tool.server = file_server("200 OK\r\ncontent-type: text/html", b"<html>".to_vec());
    let other = tool.refused(&["list"]);
    assert!(other.contains("is not that of an Inlet server"), "{other}");
    tool.server = "ftp://x".to_owned();
    let other = tool.refused(&["list"]);
    assert!(other.starts_with(r#"inlet: the server's address is "ftp://x"; expected a URL"#), "{other}");
}

#[tokio::test]
async fn a_source_goes_back_to_what_it_had_before() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    tool.add(&["1.0.0"]);
    server.source("crm", "acme/http", json!({}), json!([])).await;
    let nothing = tool.refused(&["rollback", "crm@development"]);
    assert!(nothing.ends_with("it never had another plugin, so there is nothing to go back to"), "{nothing}");
    tool.add(&["1.1.0"]);
    let now = |printed: &str| printed.lines().find(|line| line.contains(" now")).unwrap().to_owned();
    tool.printed(&["use", "crm@development", "1.1.0"]);
    let back = now(&tool.printed(&["rollback", "crm@development"]));
    assert_eq!(back, "crm@development has acme/http 1.0.0 now.");
    let again = now(&tool.printed(&["rollback", "crm@development"]));
    assert_eq!(again, "crm@development has acme/http 1.1.0 now.", "and forth");

    // A source on `latest` rolls back to the version before it.
    tool.printed(&["use", "crm@development", "latest"]);
    tool.add(&["1.2.0"]);
    assert!(tool.printed(&["show", "acme/http"]).contains("crm@development (follows latest)"));
    assert_eq!(now(&tool.printed(&["rollback", "crm@development"])), "crm@development has acme/http 1.1.0 now.");
    tool.printed(&["use", "crm@development", "1.0.0"]);
    tool.printed(&["remove", "acme/http@1.1.0", "--yes"]);
    let gone = tool.refused(&["rollback", "crm@development"]);
    assert!(gone.contains("is not in the server any more"), "{gone}");
    assert!(tool.printed(&["show", "acme/http"]).contains("    crm@development"), "a refusal changes nothing");

    // A rollback to the bundled version restores its verification too.
    let web = server.source("web", "http", json!({}), json!([])).await;
    let other = http_changed("http", "9.0.0", |manifest| {
        manifest["verification"] = json!({
            "scheme": "shared_secret", "header": "x-other-secret",
            "vectors": [{
                "name": "the secret", "secret": "s3cr3t", "headers": {"x-other-secret": "s3cr3t"}, "body": "{}",
                "verified": true,
            }],
        });
    });
    tool.file("other.wasm", &other);
    tool.printed(&["add", "other.wasm", "--replace"]);
    let scheme = async || {
        let source = server.get("/v1/sources/web?environment=development").await;
        source["environment_settings"]["development"]["settings"]["verification_scheme"]["header"].clone()
    };
    let before = scheme().await;
    tool.printed(&["use", "web@development", "9.0.0", "--confirm"]);
    assert_eq!(scheme().await, "x-other-secret");
    let differs = tool.refused(&["rollback", "web@development"]);
    assert!(differs.ends_with("send confirm true (inlet plugin rollback --confirm)"), "{differs}");
    assert_eq!(scheme().await, "x-other-secret");
    tool.printed(&["rollback", "web@development", "--confirm"]);
    assert_eq!(scheme().await, before);
    web.expect(track("Order", "u", "", json!({})), &["logged"]).await;
    assert_eq!(server.last_log("web").await["plugin"]["version"], "0.1.0");
}

#[tokio::test]
async fn what_another_version_changes_is_told_before_it_is_used() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    tool.add(&["1.0.0"]);
    let mappings = json!([{"event_type": "page/Home", "action_type": "workflows_trigger",
                           "action_parameters": {"key": "page", "recipients": {"id": "user_id"}}}]);
    let endpoint = server.source("crm", "acme/http", json!({}), mappings).await;
    endpoint.send(track("Order", "ana", "m-1", json!({"total": 1}))).await;
    endpoint.send(track("Order", "bo", "m-2", json!({"total": 2}))).await;
    // Longer than a list of logs shows.
    endpoint.send(track("Long", "ana", "m-3", json!({"pad": "x".repeat(40_000)}))).await;
    assert_eq!(endpoint.try_send("{\"n\":1}").await.0, 422, "a mistake is logged, too");
    // Only Segment's own plugin accepts it.
    let page = r#"{"type":"page","name":"Home","userId":"ana","messageId":"m-4","properties":{"n":1.10}}"#;
    assert_eq!(endpoint.try_send(page).await.0, 422);

    tool.add(&["1.1.0"]);
    let same = tool.printed(&["diff", "acme/http@1.0.0", "acme/http@1.1.0", "--source", "crm@development"]);
    assert_eq!(
        same,
        "5 requests through acme/http 1.0.0 and 1.1.0: 3 become the same, 0 differ, 2 are rejected by both\n"
    );
    // A version with other code: Segment's plugin under this key.
    let wasm = std::fs::read(bundled_plugin("segment.wasm")).unwrap();
    let segment = repack(&wasm, |manifest| {
        manifest["key"] = json!("acme/http");
        manifest["version"] = json!("2.0.0");
    });
    tool.file("segment.wasm", &segment);
    tool.printed(&["add", "segment.wasm"]);
    let before = server.logs("crm").await.len();
    let answer = tool.printed(&["diff", "1.0.0", "2.0.0", "--source", "crm@development", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let counts = ["compared", "same", "rejected_by_both", "different", "not_kept"].map(|name| answer[name].clone());
    assert_eq!(counts, [5, 3, 1, 1, 0], "{answer}");
    let changes = answer["differences"][0]["changes"].as_array().unwrap();
    let change = |member: &str| {
        let change = changes.iter().find(|change| change["member"] == member);
        change
            .map(|change| (change["old"].clone(), change["new"].clone()))
            .unwrap_or_else(|| panic!("{member}: {answer}"))
    };
    assert_eq!(change("outcome").1, "event");
    assert_eq!(change("user_id"), (json!(null), json!("ana")));
    assert_eq!(change("idempotency_key"), (json!(null), json!("m-4")));
    let actions = change("actions").1;
    assert!(actions.as_str().unwrap().contains(r#""action_type":"workflows_trigger""#), "{actions}");
    assert_eq!(answer["by_member"]["user_id"], 1);
    let newest = tool.printed(&["diff", "1.0.0", "2.0.0", "--source", "crm@development", "--last", "1"]);
    assert!(newest.starts_with("1 request through acme/http 1.0.0 and 2.0.0: 0 become the same, 1 differ"), "{newest}");
    assert!(newest.contains("    item 0: user_id: nothing → ana\n"), "{newest}");
    assert_eq!(server.logs("crm").await.len(), before, "nothing is written");
    let key = server.api_key("development").await;
    assert!(server.all_runs(&key).await.is_empty(), "nothing is done");

    // The summary comes before the refusal.
    let output = tool.run(&["use", "crm@development", "2.0.0"]);
    assert!(!output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.starts_with("5 requests through acme/http 1.0.0 and 2.0.0: 3 become the same, 1 differ"), "{told}");
    let used = tool.printed(&["use", "crm@development", "2.0.0", "--confirm"]);
    assert!(used.contains("crm@development has acme/http 2.0.0 now."), "{used}");

    for (arguments, said) in [
        (
            ["1.0.0", "7.0.0", "--source", "crm@development", "--last", "1"],
            r#"new: there is no "7.0.0" of "acme/http""#,
        ),
        (
            ["1.0.0", "2.0.0", "--source", "crm@development", "--last", "501"],
            "last: expected a whole number from 1 to 500",
        ),
        (["acme/x@1.0.0", "2.0.0", "--source", "crm@development", "--last", "1"], "crm is a source of acme/http"),
    ] {
        let sentence = tool.refused(&[&["diff"], &arguments[..]].concat());
        assert!(sentence.contains(said), "{sentence}");
    }

    // A token without access to the environment may not compare in it, and hidden personal data stays hidden.
    let elsewhere = json!({"name": "elsewhere", "scopes": ["operate"], "environments": ["production"]});
    let mut limited = Tool::of(&server);
    limited.token = server.management_token(elsewhere).await;
    let refused = limited.refused(&["diff", "1.0.0", "2.0.0", "--source", "crm@development"]);
    assert!(refused.contains("environment"), "{refused}");
    let hide = server.manage(Method::PATCH, "/v1/environments/development").json(&json!({"hide_personal_data": true}));
    assert_eq!(hide.send().await.unwrap().status(), 200);
    let hidden = tool.printed(&["diff", "1.0.0", "2.0.0", "--source", "crm@development", "--last", "1"]);
    assert!(hidden.contains("user_id: nothing → …") && !hidden.contains("ana"), "{hidden}");
}

#[tokio::test]
async fn an_example_is_sent_signed_as_its_platform_signs() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    let settings = json!({"signing_secret": "s3cr3t", "enforce_idempotency": true});
    server.source("web", "segment", settings, json!([])).await;
    let shown = server.get("/v1/source_providers/segment?include=example_payloads").await;
    let (example, _) = shown["example_payloads"].as_object().unwrap().iter().next().unwrap();
    let sent = tool.printed(&["send", "web@development", "--example", example, "--secret", "s3cr3t"]);
    assert!(sent.starts_with(r#"200 {"events":[{"id":""#), "{sent}");
    let log = server.last_log("web").await;
    assert_eq!(log["verification_status"], "enforced:verified");
    assert_eq!(&log["event_type"], example);
    tool.file("secret", b"s3cr3t\n");
    tool.printed(&["send", "web@development", "--example", example, "--secret-file", "secret"]);

    // An action that fails, and a call that the plugin rejects, were answered 200.
    let mapping = json!([{"event_type": example, "action_type": "workflows_trigger",
        "action_parameters": {"key": "w", "recipients": {"id": {"$template": "a/b"}}}}]);
    server.source("broken", "segment", json!({}), mapping).await;
    let failed = tool.run(&["send", "broken@development", "--example", example]);
    assert!(failed.stdout.starts_with(b"200 "), "{failed:?}");
    assert!(!failed.status.success(), "{failed:?}");
    let sentence = String::from_utf8_lossy(&failed.stderr);
    assert!(sentence.starts_with("inlet: an item was taken and failed: "), "{sentence}");

    let count = server.logs("web").await.len();
    let wrong = tool.run(&["send", "web@development", "--example", example, "--secret", "other"]);
    assert!(!wrong.status.success() && wrong.stdout.starts_with(b"401 "), "{wrong:?}");
    let sentence = String::from_utf8_lossy(&wrong.stderr);
    assert!(
        sentence.starts_with("inlet: the example was refused: the credential is not what the signing secret gives for this body. What to do: compare"),
        "{sentence}"
    );
    let unsigned = tool.run(&["send", "web@development", "--example", example]);
    assert!(unsigned.stdout.starts_with(b"401 "), "{unsigned:?}");
    assert!(String::from_utf8_lossy(&unsigned.stderr).contains("sent unsigned"), "{unsigned:?}");
    assert_eq!(server.logs("web").await.len(), count);
    let unknown = tool.refused(&["send", "web@development", "--example", "nothing"]);
    assert!(unknown.starts_with(r#"inlet: segment has no example "nothing"; expected one of "#), "{unknown}");
    let missing = tool.refused(&["send", "web@development", "--example", example, "--secret-file", "none"]);
    assert_eq!(missing, "inlet: there is no secret in none; correct --secret-file");
    let nowhere = tool.refused(&["send", "web@nowhere", "--example", example]);
    assert!(nowhere.contains(r#"there is no environment "nowhere""#), "{nowhere}");
}

/// Stripe signs a time in seconds and no id, so two requests of one second are the same bytes.
#[tokio::test]
async fn two_examples_of_one_second_are_two_requests() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    let stripe = std::fs::read(platform_plugin("inlet__stripe.wasm")).unwrap();
    tool.file("stripe.wasm", &stripe);
    tool.printed(&["add", "stripe.wasm"]);
    let settings = json!({"signing_secret": "whsec_test", "enforce_idempotency": false});
    server.source("pay", "inlet/stripe", settings, json!([])).await;
    let shown = server.get("/v1/source_providers/inlet%2Fstripe?include=example_payloads").await;
    let (example, _) = shown["example_payloads"].as_object().unwrap().iter().next().unwrap();
    for _ in 0..3 {
        let sent = tool.printed(&["send", "pay@development", "--example", example, "--secret", "whsec_test"]);
        assert!(sent.contains(r#""outcome":"logged""#), "{sent}");
    }
    assert_eq!(server.logs("pay").await.len(), 3);
}

#[tokio::test]
async fn logged_requests_become_cases_that_pass_and_name_nobody() {
    let server = Server::start().await;
    let tool = Tool::of(&server);
    let web = server.source("web", "segment", json!({}), json!([])).await;
    let other = server.source("other", "http", json!({}), json!([])).await;
    let order = r#"{"type":"track","event":"Order Completed","userId":"ana@example.com","messageId":"m-ana-1",
        "properties":{"email":"ana@example.com","phone":"+351 900","total":39.50,"vip":true,"note":null,"born":"1990-07-08"},
        "timestamp":"2026-01-02T03:04:05.678Z"}"#;
    web.expect(order, &["logged"]).await;
    web.expect(r#"{"type":"identify","userId":"ana@example.com","traits":{"name":"Anastasia"}}"#, &["logged"]).await;
    let ids: Vec<String> = server.logs("web").await.iter().map(|log| log["id"].as_str().unwrap().to_owned()).collect();
    let plugin = bundled_plugin("segment.wasm");
    let plugin = plugin.to_str().unwrap();

    let captured = tool.printed(&["capture", &ids[0], &ids[1], "--into", "cases", "--plugin", plugin]);
    assert!(captured.contains(&format!("cases/v0.2/must/{}\n", ids[1])), "{captured}");
    assert!(captured.contains(r#"because the plugin reads them: "track", "Order Completed""#), "{captured}");
    let read = |id: &str, name: &str| {
        std::fs::read_to_string(tool.directory.path().join("cases/v0.2/must").join(id).join(name)).unwrap()
    };
    for id in &ids {
        for name in ["body.json", "request.json", "expected.json"] {
            let text = read(id, name);
            for gone in ["ana@", "Anastasia", "example", "+351 900", "39.50", "1990-07", "m-ana-1"] {
                assert!(!text.contains(gone), "{name}: {text}");
            }
        }
    }
    let body = read(&ids[1], "body.json");
    assert_eq!(body.len(), order.len(), "white space and shapes stay: {body}");
    let parsed: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(parsed["userId"], parsed["properties"]["email"], "the same value is the same value still");
    let identify: serde_json::Value = serde_json::from_str(&read(&ids[0], "body.json")).unwrap();
    assert_eq!(parsed["userId"], identify["userId"], "in another case too");
    assert!(parsed["userId"].as_str().unwrap().contains('@'));
    assert_eq!((&parsed["type"], &parsed["event"]), (&json!("track"), &json!("Order Completed")));
    assert_eq!((&parsed["properties"]["vip"], &parsed["properties"]["note"]), (&json!(true), &json!(null)));
    let expected: serde_json::Value = serde_json::from_str(&read(&ids[1], "expected.json")).unwrap();
    assert_eq!(expected["items"][0]["event"]["event_type"], "track/Order Completed");
    assert_eq!(expected["items"][0]["event"]["data"], json!({"at": "/properties"}));
    let tested = tool.printed(&["test", plugin, "--cases", "cases"]);
    assert!(tested.contains("0 failed"), "{tested}");

    // The only plugin in the directory needs no name.
    std::fs::copy(plugin, tool.directory.path().join("segment.wasm")).unwrap();
    tool.printed(&["capture", &ids[0], "--into", "more", "--source", "web@development"]);
    let there = tool.refused(&["capture", &ids[0], "--into", "more"]);
    assert!(there.contains("is there already; remove it"), "{there}");
    let elsewhere = tool.refused(&["capture", &ids[0], "--into", "none", "--source", "web@production"]);
    assert!(elsewhere.contains(&format!("there is no log entry {}", ids[0])), "{elsewhere}");
    let nowhere = tool.refused(&["capture", &ids[0], "--into", "none", "--source", "nothing@production"]);
    assert!(nowhere.contains(r#"there is no source "nothing""#), "{nowhere}");
    other.try_send("no JSON").await;
    let foreign = server.last_log("other").await["id"].as_str().unwrap().to_owned();
    let refused = tool.refused(&["capture", &foreign, "--into", "none"]);
    assert!(refused.contains("came through http, and the plugin is segment"), "{refused}");
    let http = bundled_plugin("http.wasm");
    let refused = tool.refused(&["capture", &foreign, "--into", "none", "--plugin", http.to_str().unwrap()]);
    assert!(refused.contains("is not JSON, so it cannot be masked"), "{refused}");
    let usage = tool.run(&["capture", "../x"]);
    assert!(!usage.status.success() && String::from_utf8_lossy(&usage.stderr).contains("EVENT_ID"), "{usage:?}");
    tool.file("second.wasm", b"x");
    let several = tool.refused(&["capture", &ids[0], "--into", "none"]);
    assert!(several.contains("name the plugin with --plugin"), "{several}");
    let hide = server.manage(Method::PATCH, "/v1/environments/development").json(&json!({"hide_personal_data": true}));
    assert_eq!(hide.send().await.unwrap().status(), 200);
    let hidden = tool.refused(&["capture", &ids[0], "--into", "none", "--plugin", plugin]);
    assert!(hidden.contains("hides personal data"), "{hidden}");
    assert!(!tool.directory.path().join("none").exists(), "a refusal leaves nothing");
}

#[tokio::test]
async fn nothing_is_used_that_could_not_be_compared_unless_it_is_said() {
    let busy = r#"{"code":"unavailable","message":"no sandbox came free in time; try again","field":null}"#;
    let server = Server::start().await;
    let mut tool = Tool::of(&server);
    tool.server = file_server("503 Service Unavailable\r\ncontent-type: application/json", busy.as_bytes().to_vec());
    insta::assert_snapshot!(tool.refused(&["use", "crm@development", "1.0.0"]), @"inlet: what it changes could not be compared, and it was not taken; try again, or take it without looking with --without-summary: no sandbox came free in time; try again");
    // Without a summary, only the scope to use a version is needed.
    let sentence = tool.refused(&["use", "crm@development", "1.0.0", "--without-summary"]);
    assert_eq!(sentence, "inlet: no sandbox came free in time; try again");
    let mut tool = Tool::of(&server);
    tool.add(&["1.0.0", "1.1.0"]);
    server.source("crm", "acme/http", json!({}), json!([])).await;
    let used = tool.printed(&["use", "crm@development", "1.0.0", "--without-summary"]);
    assert!(used.starts_with("crm@development has acme/http 1.0.0 now."), "{used}");
    // A token that may not compare gets no advice to skip the summary.
    tool.token = server.management_token(json!({"name": "r", "scopes": ["read"]})).await;
    let sentence = tool.refused(&["use", "crm@development", "1.1.0"]);
    assert!(sentence.contains("here operate is needed") && !sentence.contains("--without-summary"), "{sentence}");
}
