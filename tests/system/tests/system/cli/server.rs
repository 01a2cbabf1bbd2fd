//! Commands about the server itself: its state, its audit log, and the way into the dashboard.

use inlet_system_tests::Server;
use serde_json::{Value, json};

use super::Shell;

#[tokio::test]
async fn the_server_says_how_it_is_who_changed_it_and_signs_in() {
    let server = Server::start().await;
    server.source("shop", "http", json!({}), json!([])).await;
    let mut shell = Shell::of(&server);
    shell.run(&["change", "list"]);
    shell.run(&["change", "list", "--who", "nobody"]);
    shell.run(&["change", "list", "--env", "moon"]);
    shell.run(&["open", "/system"]);
    shell.run(&["open", "/system", "--link", "--print"]);
    shell.run(&["system", "accept-clock"]);
    shell.run(&["system", "accept-clock", "--yes"]);
    insta::assert_snapshot!(shell.transcript());

    let printed = |arguments: &[&str]| {
        let output = shell.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = printed(&["system"]);
    for label in ["version", "write-ahead log", "free disk", "work left", "LAST SUCCESS"] {
        assert!(text.contains(label), "{text}");
    }
    let system: Value = serde_json::from_str(&printed(&["system", "--json"])).unwrap();
    assert!(system["storage"]["database_bytes"].as_u64() > Some(0), "{system}");
    assert!(system["load"]["resident_bytes"].as_u64() > Some(1 << 20), "{system}");
    assert_eq!(system["storage"]["data_dir"], json!(server.data_dir()), "{system}");
    let left: Vec<&Value> = system["work"].as_array().unwrap().iter().map(|work| &work["left"]).collect();
    assert_eq!(left, [0; 4], "{system}");

    let link = printed(&["open", "/system", "--link"]);
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let answer = client.get(link.trim()).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (303, &"/system".parse().unwrap()));
    assert_eq!(client.get(link.trim()).send().await.unwrap().status(), 401, "it works once");
}
