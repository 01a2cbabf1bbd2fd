//! `--demo`: what it prints works as it is pasted, and deliveries arrive at its receiver.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use inlet_system_tests::{Server, ServerOptions, read_json};
use reqwest::Method;
use serde_json::{Value, json};

/// The longest time that a test waits for something.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with the demo, and what it printed first.
struct Demo {
    server: Server,
    printed: String,
}

impl Demo {
    async fn start(options: ServerOptions) -> Self {
        let server = Server::start_with(options.arg("--demo")).await;
        let mut demo = Self { server, printed: String::new() };
        demo.printed = demo.stdout_with("include=actions").await;
        demo
    }

    /// Waits until the output holds a text; returns the whole output.
    async fn stdout_with(&self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let printed = self.server.stdout();
            if printed.contains(text) {
                return printed;
            }
            assert!(Instant::now() < deadline, "{text} was not printed:\n{printed}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits for the lines of this many deliveries, and returns them.
    async fn delivery_lines(&self, count: usize) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let printed = self.server.stdout();
            let lines: Vec<_> = printed.lines().filter(|line| line.contains("  delivery  ")).collect();
            if lines.len() >= count {
                return lines.into_iter().map(str::to_owned).collect();
            }
            assert!(Instant::now() < deadline, "{count} deliveries did not arrive:\n{printed}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Returns the commands to paste, in the order of their lines.
    fn commands(&self) -> Vec<&str> {
        self.printed.lines().filter(|line| line.starts_with("curl ")).collect()
    }

    /// Returns the URL of the receiver's page.
    fn page(&self) -> &str {
        let line = self.printed.lines().find(|line| line.starts_with("Workflow runs are delivered")).unwrap();
        line.rsplit(' ').next().unwrap()
    }

    async fn target(&self) -> Value {
        self.server.get("/v1/targets/demo?environment=development").await
    }
}

/// Pastes a command into a shell.
fn paste(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn paste_json(command: &str) -> Value {
    let text = paste(command);
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{command}\n{text}"))
}

#[tokio::test]
async fn the_demo_works_as_it_is_printed_and_a_second_start_changes_nothing() {
    let mut demo = Demo::start(ServerOptions::default()).await;
    let commands = demo.commands();
    assert_eq!(commands.len(), 8, "{}", demo.printed);
    let sent = paste_json(commands[0]);
    assert_eq!(sent["events"][0]["outcome"], "executed", "{sent}");
    assert_eq!(sent["events"][1]["outcome"], "executed", "{sent}");
    let user = paste_json(commands[1]);
    assert_eq!((&user["id"], &user["email"]), (&json!("u_42"), &json!("ana@example.com")));
    assert_eq!(user["phone_number"], "+351900000000");
    let run = &paste_json(commands[2])["entries"][0];
    assert_eq!((&run["workflow"], &run["recipients_count"]), (&json!("order-confirmation"), &json!(1)));
    assert_eq!(run["source_event_id"], sent["events"][1]["id"]);

    let again = paste_json(commands[0]);
    assert_eq!(again["events"][0]["outcome"], "replayed");
    assert_eq!(again["events"][1]["outcome"], "replayed");

    assert_eq!(paste_json(commands[3])["events"][0]["outcome"], "executed");
    assert_eq!(paste_json(commands[4])["name"], "Bo");
    let run = &paste_json(commands[5])["entries"][0];
    assert_eq!(run["workflow"], "report-ready");
    assert_eq!(run["recipients"][0]["trigger_data"], json!({"greeting": "Hi Bo"}));
    // What was answered `replayed` was not delivered again.
    assert_eq!(demo.delivery_lines(2).await.len(), 2);

    let before = demo.server.get("/v1/sources?include=environment_settings").await;
    let target = demo.target().await;
    demo.server.terminate();
    assert!(demo.server.wait_for_exit().await, "{}", demo.server.log());
    let old_base = demo.server.base.clone();
    let (_dir, data_dir) = demo.server.take_data_dir();
    let demo = Demo::start(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    let after = demo.server.get("/v1/sources?include=environment_settings").await;
    // The server's port differs, and the endpoints contain it.
    let without_port = |value: Value, base: &str| value.to_string().replace(base, "X");
    assert_eq!(without_port(before, &old_base), without_port(after, &demo.server.base));
    let target_now = demo.target().await;
    assert_eq!(target["secrets"], target_now["secrets"]);
    assert_eq!(target_now["url"], json!(format!("{}deliveries", demo.page())));
}

#[tokio::test]
async fn a_delivery_is_printed_verified_and_shown_with_every_digit() {
    let demo = Demo::start(ServerOptions::default()).await;
    let page = demo.page();
    let html = async || demo.server.client.get(page).send().await.unwrap().text().await.unwrap();
    assert!(html().await.contains("Nothing has arrived yet"));

    paste(demo.commands()[0]);
    let line = demo.delivery_lines(1).await.remove(0);
    assert!(line.contains("  order-confirmation  ") && line.contains("  u_42  "), "{line}");
    assert!(line.ends_with("  signature verified"), "{line}");
    let shown = html().await;
    assert!(shown.contains("&quot;total&quot;: 39.50"), "{shown}");
    assert!(
        shown.contains("<th>webhook-signature</th>") && shown.contains("verdict good\">signature verified"),
        "{shown}"
    );

    // The two lines of the printed check by openssl are the same.
    let by_hand = paste(demo.commands()[6]);
    let lines: Vec<_> = by_hand.lines().collect();
    assert!(lines.len() == 2 && lines[0] == lines[1] && lines[0].len() == 44, "{by_hand}");
    assert!(shown.contains(&format!("v1,{}", lines[0])), "{by_hand}\n{shown}");

    // Someone else's request is shown as what it is, and breaks nothing.
    let forged = r#"{"data":{"workflow":"<b>forged</b>","recipients":[{"id":"u_1"}]}}"#;
    let sent = demo
        .server
        .client
        .post(format!("{page}deliveries"))
        .header("webhook-signature", "v1,AAAA")
        .body(forged)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 200);
    let line = demo.delivery_lines(2).await.remove(1);
    assert!(line.contains("signature NOT verified"), "{line}");
    let shown = html().await;
    let (forged, first) = (shown.find("&lt;b&gt;forged").unwrap(), shown.find("order-confirmation").unwrap());
    assert!(forged < first && !shown.contains("<b>forged"), "{shown}");

    // A page that lets its own name lead here reads nothing.
    let rebound = demo.server.client.get(page).header("host", "evil.example").send().await.unwrap();
    assert_eq!(rebound.status(), 421);
}

#[tokio::test]
async fn the_demo_opens_its_own_receiver_and_nothing_else_of_this_machine() {
    let demo = Demo::start(ServerOptions::default()).await;
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", other.local_addr().unwrap());
    let target = json!({"target": {"kind": "webhook", "url": url}});
    let put = demo.server.manage(Method::PUT, "/v1/targets/other?environment=development").json(&target).send().await;
    assert_eq!(put.unwrap().status(), 200);
    paste(demo.commands()[0]);
    demo.delivery_lines(1).await;
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        let page = demo.server.get("/v1/deliveries?environment=development&target=other").await;
        if let Some(error) = page["entries"][0]["last_error"].as_str() {
            break error.to_owned();
        }
        assert!(Instant::now() < deadline, "{page}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(error.contains("loopback") && error.contains("INLET_DELIVERY_ALLOWED_ADDRESSES"), "{error}");
}

#[tokio::test]
async fn a_target_of_an_operator_with_the_demos_key_is_left_alone() {
    let mut server = Server::start().await;
    let target = json!({"target": {"kind": "log"}});
    let put =
        server.manage(Method::PUT, "/v1/targets/demo?environment=development").json(&target).send().await.unwrap();
    let before = read_json(put).await;
    server.terminate();
    assert!(server.wait_for_exit().await, "{}", server.log());
    let (_dir, data_dir) = server.take_data_dir();
    let demo = Demo::start(ServerOptions { data_dir: Some(data_dir), ..ServerOptions::default() }).await;
    assert!(demo.printed.contains("has a target `demo` of another purpose"), "{}", demo.printed);
    assert_eq!(demo.target().await, before);
}
