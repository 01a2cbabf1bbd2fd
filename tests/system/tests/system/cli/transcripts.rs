//! The transcripts of `transcripts/`: what a person types, what comes back, and the exit code. `TRYCMD=overwrite` writes them
//! anew.

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, binary};
use serde_json::json;

#[tokio::test]
async fn commands_answer_as_their_transcripts_say() {
    let server = Server::start().await;
    let mapping = json!([{"event_type": "track/Order Completed", "action_type": "workflows_trigger",
        "action_parameters": {"key": "receipt", "recipients": "userId"}}]);
    server.source("shop", "segment", json!({}), mapping).await;
    let home = tempfile::tempdir().unwrap();
    let (address, home_path) = (server.admin.clone(), home.path().display().to_string());
    let run = move || {
        let cases = trycmd::TestCases::new();
        cases.register_bin("inlet", binary());
        cases.env("INLET_SERVER", &address).env("INLET_TOKEN", MANAGEMENT_TOKEN);
        cases.env("HOME", &home_path).env("XDG_CONFIG_HOME", &home_path);
        cases.insert_var("[SERVER]", address).unwrap();
        cases.case("tests/system/cli/transcripts/*.trycmd");
    };
    // The cases run when they are dropped, and block.
    tokio::task::spawn_blocking(run).await.unwrap();
}
