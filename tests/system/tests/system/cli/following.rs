//! `inlet tail` and `inlet listen`, over a restart of the server too.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::Child,
    sync::mpsc::{Receiver as Lines, channel},
    thread,
    time::{Duration, Instant},
};

use inlet_system_tests::{Receiver, Server, ServerOptions, track};
use serde_json::{Value, json};

use super::Shell;

/// The longest time that a test waits for a line.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command that is running.
struct Running {
    child: Child,
    stdout: Lines<String>,
    stderr: Lines<String>,
}

impl Running {
    fn start(shell: &Shell, arguments: &[&str]) -> Self {
        let mut child = shell.start(arguments);
        let (stdout, stderr) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, stdout, stderr }
    }

    fn line(&self) -> String {
        self.stdout.recv_timeout(PATIENCE).expect("no line came within 30 s")
    }

    fn message(&self) -> String {
        self.stderr.recv_timeout(PATIENCE).expect("no message came within 30 s")
    }

    fn code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

fn lines(stream: impl std::io::Read + Send + 'static) -> Lines<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

#[tokio::test]
async fn a_tail_prints_what_is_logged_and_goes_on_over_a_restart() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    let shell = Shell::of(&server);
    let listen = server.base.trim_start_matches("http://").to_owned();
    let tail = Running::start(&shell, &["tail", "shop@development", "--json", "--cursor-file", "place"]);
    assert_eq!(tail.message(), "following; Ctrl-C ends it");
    endpoint.expect(track("Before", "ana", "", json!({})), &["logged"]).await;
    assert!(tail.line().contains("track/Before"));
    let (guard, data_dir) = server.take_data_dir();
    // The same address again, so that the sender and the follower find it.
    let server = Server::start_with(
        ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }.arg("--listen").arg(&listen),
    )
    .await;
    endpoint.expect(track("After", "ana", "", json!({"total": 1.5, "text": "a\u{9b}2Jb"})), &["logged"]).await;
    let found = loop {
        let line = tail.line();
        assert!(!line.contains('\u{9b}'), "{line}");
        let event: Value = serde_json::from_str(&line).unwrap();
        if event["event_type"].as_str().unwrap().starts_with("track/After") {
            break line;
        }
    };
    assert!(found.contains(r#""text":"a\u009b2Jb""#), "{found}");
    // It said that it lost the server, and that it found it again.
    let mut messages = Vec::new();
    while messages.last().is_none_or(|last: &String| !last.starts_with("connected again")) {
        match tail.stderr.recv_timeout(PATIENCE) {
            Ok(message) => messages.push(message),
            Err(_) => panic!("it did not say that it is connected again: {messages:?}"),
        }
    }
    assert!(messages.iter().any(|message| message.ends_with("connecting again")), "{messages:?}");
    // An event is printed before its place is kept, so that none is lost.
    let id = serde_json::from_str::<Value>(&found).unwrap()["id"].as_str().unwrap().replace('-', "");
    let deadline = Instant::now() + PATIENCE;
    while std::fs::read_to_string(shell.path("place")).unwrap_or_default().trim() != id {
        assert!(Instant::now() < deadline, "the place was not kept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(tail);
    // What comes while nobody follows is there afterwards.
    endpoint.expect(track("Meanwhile", "ana", "", json!({})), &["logged"]).await;
    let again = Running::start(&shell, &["tail", "shop@development", "--cursor-file", "place", "--count", "1"]);
    let line = again.line();
    assert!(line.contains("logged  shop  track/Meanwhile  user ana"), "{line}");
    assert_eq!(again.code(), Some(0));
    drop((guard, server));
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_quiet_run_keeps_its_place_too() {
    let server = Server::start().await;
    let receiver = Receiver::start();
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Before", "ana", "", json!({})), &["logged"]).await;
    let shell = Shell::of(&server);
    let tail = Running::start(&shell, &["tail", "shop@development", "--cursor-file", "place"]);
    assert_eq!(tail.message(), "following; Ctrl-C ends it");
    let deadline = Instant::now() + PATIENCE;
    while !shell.path("place").exists() {
        assert!(Instant::now() < deadline, "the place was not kept");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(tail);
    endpoint.expect(track("First", "ana", "", json!({})), &["logged"]).await;
    let again = Running::start(&shell, &["tail", "shop@development", "--cursor-file", "place", "--count", "1"]);
    let line = again.line();
    assert!(line.contains("track/First"), "{line}");
    assert_eq!(again.code(), Some(0));
    // A listener keeps its place in the same way.
    endpoint.expect(track("Second", "ana", "", json!({})), &["logged"]).await;
    let url = format!("{}/webhooks", receiver.url);
    let arguments = ["listen", "shop@development", "--forward-to", &url, "--cursor-file", "place", "--count", "1"];
    let listener = Running::start(&shell, &arguments);
    let line = listener.line();
    assert!(line.contains("track/Second"), "{line}");
    assert_eq!(listener.code(), Some(0));
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn the_environment_of_a_source_goes_before_that_of_a_variable() {
    let server = Server::start().await;
    let endpoint = server.source("shop", "segment", json!({}), json!([])).await;
    endpoint.expect(track("Order", "ana", "", json!({})), &["logged"]).await;
    let shell = Shell::of(&server);
    for arguments in [
        &["event", "list", "shop@development"][..],
        &["event", "export", "shop@development"],
        &["logs", "shop@development"],
    ] {
        let output = shell.command(arguments).env("INLET_ENVIRONMENT", "production").output().unwrap();
        let (text, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && text.contains("track/Order"), "{arguments:?}: {text} {error}");
    }
    // With a place that is none, so that it ends by itself: the command line is read before.
    shell.write("empty", "");
    let following = ["shop@development", "--cursor-file", "empty"];
    for arguments in [&["tail"][..], &["listen", "--forward-to", "http://127.0.0.1:1"]] {
        let arguments = [arguments, &following[..]].concat();
        let output = shell.command(&arguments).env("INLET_ENVIRONMENT", "production").output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains("holds no place"), "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn a_listener_forwards_the_bytes_and_headers_of_several_sources() {
    let server = Server::start().await;
    let receiver = Receiver::start();
    let shop = server.source("shop", "segment", json!({"keep_headers": ["x-shop"]}), json!([])).await;
    let crm = server.source("crm", "segment", json!({}), json!([])).await;
    let shell = Shell::of(&server);
    let url = format!("{}/webhooks", receiver.url);
    let arguments = ["listen", "shop@development", "crm@development", "--forward-to", &url, "--json"];
    let listener = Running::start(&shell, &arguments);
    assert_eq!(listener.message(), format!("forwarding to {url}"));
    assert_eq!(listener.message(), "following; Ctrl-C ends it");
    crm.expect(track("Renewed", "ana", "", json!({})), &["logged"]).await;
    let body = r#"{"type":"track","event":"Order","userId":"ana","properties":{"total":39.50,"id":9007199254740993}}"#;
    let sent = shop.post(body).header("x-shop", "berlin").send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let order = loop {
        let line: Value = serde_json::from_str(&listener.line()).unwrap();
        if line["source"] == "shop" {
            break line;
        }
    };
    assert_eq!((&order["event_type"], &order["status"]), (&json!("track/Order"), &json!(200)));
    let request = receiver.requests().into_iter().find(|request| request.header("inlet-source") == "shop").unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str(), request.body.as_str()), ("POST", "/webhooks", body));
    assert_eq!(request.header("x-shop"), "berlin");
    assert_eq!(request.header("inlet-event-id"), order["id"].as_str().unwrap());
    assert!(!request.headers.contains_key("authorization"), "{:?}", request.headers);
}

#[tokio::test]
async fn what_cannot_be_followed_is_said_at_once() {
    let server = Server::start().await;
    let mut shell = Shell::of(&server);
    shell.run(&["tail", "nothing@development"]);
    shell.run(&["tail"]);
    shell.run(&["tail", "--env", "nowhere"]);
    shell.run(&["tail", "shop@development", "crm@production"]);
    shell.run(&["listen", "--env", "development"]);
    shell.run(&["listen", "--env", "development", "--forward-to", "localhost:3000"]);
    shell.write("empty", "");
    shell.run(&["tail", "shop@development", "--cursor-file", "empty"]);
    let arguments = ["tail", "--env", "development", "--server", "http://127.0.0.1:1"];
    shell.run(&arguments);
    insta::assert_snapshot!(shell.transcript());
    let mut text = String::new();
    let mut head = shell.start(&["event", "list", "--env", "development"]);
    head.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), head.wait().unwrap().code()), ("", Some(0)));
}
