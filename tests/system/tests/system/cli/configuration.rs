//! Sources, mappings, environments, keys, tokens and variables.

use inlet_system_tests::{Server, track};

use super::Shell;

#[tokio::test]
async fn a_source_is_set_up() {
    let server = Server::start().await;
    let mut shell = Shell::of(&server);
    shell.run(&["source", "list"]);
    shell.run(&["source", "create", "shop", "--plugin", "segment", "--env", "development", "--name", "Web shop"]);
    shell.run(&["source", "create", "shop", "--plugin", "segment", "--env", "development"]);
    shell.run(&["source", "create", "crm", "--plugin", "segmnt", "--env", "development"]);
    shell.run(&["source", "create", "crm", "--plugin", "segment"]);
    shell.run(&["source", "list"]);
    shell.run(&["source", "show", "shop"]);
    shell.run(&["source", "show", "shp"]);
    shell.write("secret.txt", "s3cr3t-of-a-test\n");
    shell.run(&["source", "set", "shop@development", "--setting", "enforce_idempotency=true", "--dry-run"]);
    shell.run(&["source", "set", "shop@development", "--setting", "enforce_idempotency=true"]);
    shell.run(&["source", "set", "shop@development", "--setting", "enforce_idempotencyy=true"]);
    shell.run(&["source", "set", "shop@development", "--secret-file", "secret.txt"]);
    shell.run(&["source", "set", "shop@development", "--setting", "signing_secret=null"]);
    shell.run(&["source", "set", "shop@development", "--name", "Shop", "--if-version", "1"]);
    shell.run(&["source", "set", "shop@development"]);
    shell.run(&["source", "rotate", "shop@development"]);
    shell.run(&["source", "rotate", "shop@development", "--overlap-seconds", "0", "--yes"]);
    shell.run(&["source", "delete", "shop"]);
    shell.run(&["source", "delete", "shop", "--yes"]);
    shell.run(&["source", "list", "--json"]);
    let transcript = shell.transcript();
    assert!(!transcript.contains("s3cr3t"), "{transcript}");
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_mapping_is_tried_and_added() {
    let server = Server::start().await;
    let mut shell = Shell::of(&server);
    shell.run(&["source", "create", "shop", "--plugin", "segment", "--env", "development"]);
    let order =
        ["--event", "track/Order Completed", "--action", "workflows_trigger", "--param", r#"key={"value":"order"}"#];
    let with = |first: &[&'static str], more: &[&'static str]| -> Vec<&'static str> { [first, &order, more].concat() };
    shell.run(&["mapping", "list", "shop@development"]);
    shell.run(&with(&["mapping", "test", "shop@development", "--example", "track/Order Completed"], &[]));
    shell.run(&["mapping", "test", "shop@development"]);
    let id = shell.run(&with(&["mapping", "set", "shop@development"], &["--param", "data.total=data.total"]));
    let id = id.trim();
    shell.run(&["mapping", "set", "shop@development", "--event", "identify"]);
    shell.run(&["mapping", "set", "shop@development", "--id", id, "--when", r#"{"data.total":{"$gte":100.50}}"#]);
    shell.run(&["mapping", "set", "shop@development", "--id", id, "--when", "{"]);
    shell.run(&["mapping", "list", "shop@development"]);
    shell.write("order.json", &track("Order Completed", "ana", "m-1", serde_json::json!({"total": 39.5})));
    shell.run(&["mapping", "test", "shop@development", "--sample", "order.json"]);
    shell.run(&["mapping", "set", "shop@development", "--id", id, "--inactive", "--when", "null"]);
    shell.run(&["mapping", "list", "shop@development"]);
    shell.run(&["mapping", "delete", "shop@development", "nothing", "--yes"]);
    shell.run(&["mapping", "delete", "shop@development", id, "--yes"]);
    let id = shell.run(&with(&["mapping", "set", "shop@development"], &[]));
    shell.run(&["mapping", "delete", "shop@development", id.trim(), "--yes", "--json"]);
    shell.run(&["mapping", "list", "shop@development", "--json"]);
    insta::assert_snapshot!(shell.transcript());
}

#[tokio::test]
async fn environments_credentials_and_variables_are_looked_after() {
    let server = Server::start().await;
    let mut shell = Shell::of(&server);
    shell.run(&["env", "create", "staging", "--name", "Staging", "--retention-days", "7"]);
    shell.run(&["env", "create", "staging"]);
    shell.run(&["env", "create", "short", "--retention-days", "0"]);
    shell.run(&["env", "list"]);
    shell.run(&["env", "set", "staging"]);
    shell.run(&["env", "set", "staging", "--retention-days", "3"]);
    shell.run(&["env", "set", "staging", "--body-retention-days", "many"]);
    let longer = ["--retention-days", "14", "--body-retention-days", "logs", "--hide-personal-data", "true"];
    shell.run(&[&["env", "set", "staging", "--name", "Stage"][..], &longer].concat());
    shell.run(&["env", "show", "staging"]);
    shell.run(&["env", "show", "moon"]);
    let key = shell.run(&["key", "create", "--env", "staging"]);
    assert!(key.starts_with("sk_"), "{key}");
    shell.hide(&key, "KEY");
    shell.hide(&key.trim()[key.trim().len() - 4..], "HINT");
    shell.run(&["key", "list"]);
    let listed = server.get("/v1/environments/staging/api_keys").await;
    let id = listed["entries"][0]["id"].as_str().unwrap();
    shell.run(&["key", "delete", id, "--env", "staging", "--yes"]);
    shell.run(&["key", "list", "--env", "staging"]);
    let token = shell.run(&["token", "create", "CI", "--scope", "read,operate", "--env", "staging"]);
    assert!(token.starts_with("im_"), "{token}");
    shell.run(&["token", "create", "CI", "--scope", "root"]);
    // With the new token: it may read, and not delete.
    let token = token.trim().to_owned();
    shell.hide(&token, "TOKEN");
    for arguments in [&["env", "list", "--json"][..], &["env", "delete", "staging", "--yes"]] {
        let mut command = shell.command(arguments);
        command.env("INLET_TOKEN", &token);
        shell.record(arguments, command);
    }
    shell.run(&["variable", "set", "greeting", "Hi \u{1b}[31mthere", "--env", "staging"]);
    shell.write("pass.txt", "hunter2-hunter2");
    shell.run(&["variable", "set", "password", "--secret-file", "pass.txt", "--env", "staging"]);
    shell.run(&["variable", "list", "--env", "staging"]);
    shell.run(&["variable", "delete", "greeting", "--env", "staging"]);
    shell.run(&["variable", "delete", "greeting", "--env", "staging", "--yes"]);
    shell.run(&["env", "delete", "staging", "--yes"]);
    let transcript = shell.transcript();
    assert!(!transcript.contains("hunter2") && !transcript.contains('\u{1b}'), "{transcript}");
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn a_shell_gets_its_completions_and_a_wrong_word_a_sentence() {
    let server = Server::start().await;
    let mut shell = Shell::of(&server);
    for name in ["bash", "zsh", "fish"] {
        let output = shell.command(&["completion", name]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("mapping") && text.contains("redrive"), "{name}: {text}");
    }
    shell.run(&["surce", "list"]);
    shell.run(&["source", "list", "--limit", "5"]);
    shell.run(&["event", "list", "shop"]);
    insta::assert_snapshot!(shell.transcript());
}
