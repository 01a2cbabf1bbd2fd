//! Configuration as files: `pull`, `validate`, `plan`, `apply`, `promote` and `schema`.

use inlet_system_tests::Server;
use serde_json::json;

use super::Shell;

#[tokio::test]
async fn a_configuration_is_pulled_edited_planned_and_applied() {
    let server = Server::start().await;
    let mapping = json!([{"event_type": "track/Order Paid", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order-paid", "data": {"total": "data.total"}}}]);
    server.source("shop", "segment", json!({"handle_identifies": true}), mapping).await;
    let mut shell = Shell::of(&server);
    shell.run(&["plan"]);
    shell.run(&["pull"]);
    shell.run(&["pull"]);
    shell.run(&["validate"]);
    shell.run(&["plan"]);
    let file = shell.path("inlet/sources/shop.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let edited = text
        .replace("total: data.total", "sum: data.sum")
        .replace("production:", "production:\n    secrets:\n      signing_secret: {from_env: SHOP_SECRET}");
    assert_ne!(text, edited);
    std::fs::write(&file, &edited).unwrap();
    std::fs::create_dir_all(shell.path("inlet/targets/production")).unwrap();
    shell.write("inlet/targets/production/log.yaml", "kind: log\n");
    shell.run(&["plan"]);
    shell.run(&["plan", "--environment", "development", "--json"]);
    shell.run(&["apply"]);
    shell.run(&["apply", "--yes"]);
    let arguments = ["apply", "--yes"];
    let mut command = shell.command(&arguments);
    command.env("SHOP_SECRET", "s3cr3t-of-a-test");
    shell.record(&arguments, command);
    shell.run(&["plan"]);
    // Mappings, targets and sources are deleted when that is asked for.
    std::fs::write(&file, edited.replace("track/Order Paid", "track/Order Sent")).unwrap();
    std::fs::remove_file(shell.path("inlet/targets/production/log.yaml")).unwrap();
    shell.run(&["plan"]);
    std::fs::remove_file(&file).unwrap();
    shell.run(&["plan", "--delete"]);
    shell.run(&["apply", "--delete", "--yes"]);
    shell.run(&["plan", "--environment", "nowhere"]);
    let transcript = shell.transcript();
    assert!(!transcript.contains("s3cr3t"), "{transcript}");
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn every_fault_of_the_files_is_named_at_once() {
    let server = Server::start().await;
    let mut shell = Shell::of(&server);
    for folder in ["inlet/sources", "inlet/environments", "inlet/targets/production", "inlet/tagets"] {
        std::fs::create_dir_all(shell.path(folder)).unwrap();
    }
    shell.write("inlet/sources/shop.yaml", "name: Shop\nprovidr: segment\nplugin: 1.2\nsettings:\n  handle_identifys: true\n  max_items: many\n  write_key: oops\nmappings:\n  - event_type: no\n    action_type: workflows_trigger\n    action_parameters: {key: a}\n  - event_type: paid\n    action_type: workflow_trigger\n  - event_type: paid\n    action_type: workflows_trigger\n    action_parameters: {key: a, recipient: user_id}\n    when:\n      data.total: {$gtee: 1}\nenvironments:\n  production:\n    secrets:\n      signing_secret: whsec_this-must-not-be-shown\n  Live: {}\n");
    shell.write("inlet/sources/broken.yaml", "name: [Shop\nmore: 1\n");
    shell.write("inlet/sources/twice.yml", "name: Shop\n");
    shell.write("inlet/environments/production.yaml", "name: yes\nretention_days: 0\nkeep_bodies: some\nvariables:\n  1a: x\n  b: 2026-01-02\n  c: {type: secrt}\n  d: {value: {from_env: X}}\n  d: x\n");
    shell.write(
        "inlet/targets/production/crm.yaml",
        "kind: webhook\nurl: 7\nsecrets:\n  signing_secret: {from_env: 'what is it'}\n  other: {env: X}\n",
    );
    shell.write("inlet/targets/crm.yaml", "kind: log\n");
    shell.run(&["validate"]);
    shell.run(&["apply", "--yes"]);
    std::fs::remove_file(shell.path("inlet/sources/shop.yaml")).unwrap();
    shell.run(&["pull"]);
    shell.run(&["validate", "elsewhere"]);
    // What files refer to, where all of them can be read.
    for (file, text) in [
        (
            "inlet/sources/shop.yaml",
            "name: Shop\nprovider: segment\nmappings:\n  - event_type: paid\n    action_type: workflows_trigger\n    action_parameters:\n      key: a\n      targets: [crm]\n      data: {from: vars.base_ur}\n  - {event_type: paid, action_type: workflows_trigger, action_parameters: {key: b}}\n  - {event_type: paid, action_type: workflows_trigger, action_parameters: {key: b}, active: false}\nenvironments: {production: {}}\n",
        ),
        ("inlet/environments/production.yaml", "name: Production\nvariables: {base_url: https://example.com}\n"),
        ("inlet/targets/production/crn.yaml", "kind: log\n"),
    ] {
        shell.write(file, text);
    }
    for file in [
        "inlet/sources/broken.yaml",
        "inlet/sources/twice.yml",
        "inlet/targets/crm.yaml",
        "inlet/targets/production/crm.yaml",
        "inlet/tagets",
    ] {
        let path = shell.path(file);
        let _ = if path.is_dir() { std::fs::remove_dir(path) } else { std::fs::remove_file(path) };
    }
    shell.run(&["validate"]);
    let text = std::fs::read_to_string(shell.path("inlet/sources/shop.yaml")).unwrap();
    let (start, _) = text.split_once("  - {event_type: paid").unwrap();
    shell.write("inlet/sources/shop.yaml", &format!("{start}environments: {{production: {{}}}}\n"));
    shell.run(&["validate", "--json"]);
    shell.run(&["promote", "--from", "production", "--to", "production"]);
    shell.run(&["promote", "--from", "production", "--to", "nowhere"]);
    shell.run(&["promote", "--from", "development", "--to", "production", "nothing"]);
    let transcript = shell.transcript();
    assert!(!transcript.contains("must-not-be-shown") && !transcript.contains("oops"), "{transcript}");
    insta::assert_snapshot!(transcript);
}

#[tokio::test]
async fn editors_get_a_schema_of_each_kind_of_file() {
    let server = Server::start().await;
    server.source("shop", "segment", json!({}), json!([])).await;
    let mut shell = Shell::of(&server);
    shell.run(&["pull"]);
    let first = std::fs::read_to_string(shell.path("inlet/sources/shop.yaml")).unwrap();
    assert!(first.starts_with("# yaml-language-server: $schema=../.schema/source.json\n"), "{first}");
    for kind in ["source", "target", "environment"] {
        let printed = shell.run(&["schema", kind]);
        let pulled = std::fs::read_to_string(shell.path(&format!("inlet/.schema/{kind}.json"))).unwrap();
        assert_eq!(printed, pulled);
        let schema: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(schema["additionalProperties"], false);
    }
}
