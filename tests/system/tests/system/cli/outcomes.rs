//! Results of commands that change something, as JSON; users, issues and workflows; and what senders wrote.

use std::process::Stdio;

use inlet_system_tests::{Server, track};
use serde_json::{Value, json};

use super::Shell;

#[tokio::test]
async fn a_program_reads_what_was_changed() {
    let server = Server::start().await;
    let mut shell = Shell::of(&server);
    shell.run(&["source", "create", "shop", "--plugin", "segment", "--env", "development"]);
    shell.run(&["trigger", "shop@development", "order-completed", "--json", "--set", "messageId=m-1"]);
    shell.run(&["logs", "moon@development"]);
    shell.run(&["target", "set", "mailer", "--env", "development", "--kind", "log"]);
    shell.run(&["target", "pause", "mailer", "--env", "development"]);
    shell.run(&["target", "enable", "mailer", "--env", "development"]);
    shell.run(&["target", "enable", "mialer", "--env", "development"]);
    shell.run(&["target", "delete", "mailer", "--env", "development", "--yes", "--json"]);
    shell.run(&["variable", "set", "greeting", "Hi", "--env", "development"]);
    shell.run(&["variable", "delete", "greeting", "--env", "development", "--yes", "--json"]);
    shell.run(&["open", "/system", "--json"]);
    shell.run(&["profile", "add", "eu", "--url", "http://127.0.0.1:1", "--json"]);
    shell.run(&["profile", "use", "eu", "--json"]);
    shell.run(&["profile", "remove", "eu", "--yes", "--json"]);
    shell.run(&["source", "delete", "shop", "--yes", "--json"]);
    shell.run(&["source", "delete", "shop", "--yes", "--json"]);
    shell.run(&["source", "list", "--token-file", "none"]);
    insta::assert_snapshot!(shell.transcript());
    let listed = shell.command(&["plugin", "list", "--json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(listed["entries"].as_array().unwrap().iter().any(|entry| entry["key"] == "segment"), "{listed}");
    let shown = shell.command(&["plugin", "show", "segment", "--json"]).output().unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["key"], "segment");
}

#[tokio::test]
async fn a_user_is_exported_and_forgotten_with_a_management_token() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Order", "ana", "m-1", json!({})), &["logged"]).await;
    let mut shell = Shell::of(&server);
    let token = shell.command(&["token", "create", "reader", "--scope", "read"]).output().unwrap().stdout;
    let token = String::from_utf8(token).unwrap();
    shell.run(&["user", "export", "ana"]);
    shell.run(&["user", "export", "ana", "--env", "moon"]);
    let exported = shell.command(&["user", "export", "ana", "--env", "development"]).output().unwrap();
    let exported = String::from_utf8(exported.stdout).unwrap();
    assert!(exported.contains("track/Order") && exported.contains(r#"{"type":"end""#), "{exported}");
    shell.run(&["user", "forget", "ana", "--env", "development"]);
    let forget = ["user", "forget", "ana", "--env", "development", "--yes"];
    let mut command = shell.command(&forget);
    command.env("INLET_TOKEN", token.trim());
    shell.record(&forget, command);
    shell.run(&["user", "forget", "ana", "--env", "development", "--state"]);
    shell.run(&forget);
    // A key in a variable does not lead to another environment than the named one.
    let exported = ["user", "export", "ana", "--env", "production"];
    let mut command = shell.command(&exported);
    command.env("INLET_API_KEY", server.api_key("development").await);
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains(r#""lines":0"#), "{text}");
    let bare = ["user", "export", "ana"];
    let mut command = shell.bare(&bare);
    command.env("INLET_SERVER", &server.admin);
    shell.record(&bare, command);
    insta::assert_snapshot!(shell.transcript());
}

#[tokio::test]
async fn a_file_of_users_that_is_wrong_is_refused_with_its_place() {
    let server = Server::start().await;
    let mut shell = Shell::of(&server);
    shell.write("users.csv", "id,name\nana,Ana\n,Nobody\nbo\n");
    shell.write("users.txt", "id\nana\n");
    shell.write("no-id.csv", "name\nAna\n");
    shell.write("users.ndjson", "{\"id\":\"ana\"}\n{\"id\":7}\nnonsense\n");
    for file in ["users.csv", "users.txt", "no-id.csv", "users.ndjson", "missing.csv"] {
        shell.run(&["user", "import", file, "--dry-run"]);
    }
    shell.run(&["user", "import", "users.ndjson", "--dry-run", "--json"]);
    shell.run(&["user", "import", "users.csv", "--types", "age=date"]);
    shell.run(&["user", "import", "users.csv"]);
    insta::assert_snapshot!(shell.transcript());
}

#[tokio::test]
async fn issues_and_workflows_are_found_and_changed() {
    let server = Server::start().await;
    let mappings = json!([{"event_type": "track/Order", "action_type": "workflows_trigger",
        "action_parameters": {"key": "order", "recipients": {"id": "user_id"}}}]);
    let endpoint = server.source("shop", "segment", json!({}), mappings).await;
    let mut shell = Shell::of(&server);
    shell.run(&["issue", "list", "--env", "development"]);
    shell.run(&["workflow", "list"]);
    shell.run(&["workflow", "list", "--env", "development"]);
    shell.run(&["workflow", "list", "--env", "moon"]);
    endpoint.expect("{}", &["rejected"]).await;
    let issues = server.get("/v1/issues?environment=development").await;
    let issue = issues["entries"][0]["id"].as_str().unwrap().to_owned();
    shell.hide(&issue, "ISSUE");
    shell.run(&["issue", "list", "--env", "development"]);
    shell.run(&["issue", "show", &issue]);
    shell.run(&["issue", "acknowledge", &issue, "--env", "development"]);
    shell.run(&["issue", "mute", &issue, "--env", "development", "--seconds", "0"]);
    shell.run(&["issue", "mute", &issue, "--env", "development", "--until", "tomorrow"]);
    shell.run(&["issue", "mute", &issue, "--env", "development"]);
    shell.run(&["issue", "resolve", &issue, "--env", "development"]);
    shell.run(&["issue", "reopen", &issue, "--env", "development"]);
    shell.run(&["issue", "reopen", &issue, "--env", "production"]);
    shell.run(&["issue", "show", "nonsense"]);
    insta::assert_snapshot!(shell.transcript());
}

#[tokio::test]
async fn what_a_sender_wrote_drives_no_terminal_and_a_reader_may_leave() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    for number in 0..50 {
        endpoint.expect(track("Evil", "a\u{9b}na", &number.to_string(), json!({})), &["rejected"]).await;
    }
    let shell = Shell::of(&server);
    for arguments in [&["logs", "shop@development"][..], &["logs", "shop@development", "--json"]] {
        let output = shell.command(arguments).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("Evil"), "{text}");
        let obeyed = |character: char| character.is_control() && character != '\n';
        assert!(!text.contains(obeyed), "{text:?}");
    }
    // The reader is gone before the first line is written.
    for arguments in [&["logs", "shop@development"][..], &["plugin", "list"], &["plugin", "show", "segment"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = shell.command(arguments).stdout(Stdio::from(writer)).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !stderr.contains("panicked"), "{arguments:?}: {:?} {stderr}", output.status);
    }
}
