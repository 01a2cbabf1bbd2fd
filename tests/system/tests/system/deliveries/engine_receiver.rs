//! Receivers that check every request with the engine's own contract or client (`tests/system/clients/receivers`).

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::PATIENCE;
use crate::clients::clients;

/// A running receiver, ended when dropped.
pub struct EngineReceiver {
    child: Child,
    /// The base URL.
    pub url: String,
}

impl EngineReceiver {
    /// Starts a script of `receivers`.
    pub fn start(script: &str) -> Self {
        let mut command = Command::new("node");
        command.arg(format!("receivers/{script}")).current_dir(clients());
        // Its input ends with this process, and with its input the receiver.
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("http://"), "{script} did not start");
        Self { child, url: url.trim().to_owned() }
    }

    /// Gives these answers to the next requests: `{status, headers, body}`, or `{"hang_up": true}`.
    pub async fn answer_next(&self, answers: Value) {
        let response = reqwest::Client::new().post(format!("{}/-/answers", self.url)).json(&answers).send().await;
        assert_eq!(response.unwrap().status(), 204);
    }

    /// Returns the requests so far in the order in which they came. None of them broke a rule of the engine.
    pub async fn requests(&self) -> Vec<Value> {
        let requests = self.all_requests().await;
        for request in &requests {
            assert_eq!(request["problems"], json!([]), "{}", shortened(request));
        }
        requests
    }

    /// Returns the requests so far in the order in which they came, those included that broke a rule of the engine.
    pub async fn all_requests(&self) -> Vec<Value> {
        let response = reqwest::get(format!("{}/-/requests", self.url)).await.unwrap();
        inlet_system_tests::read_json(response).await.as_array().unwrap().clone()
    }

    /// Waits until this many requests came, and returns all.
    pub async fn wait_for(&self, count: usize) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let requests = self.requests().await;
            if requests.len() >= count {
                return requests;
            }
            assert!(Instant::now() < deadline, "{} of {count} requests came", requests.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for EngineReceiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the body of a request as JSON.
pub fn body(request: &Value) -> Value {
    serde_json::from_str(request["body"].as_str().unwrap()).unwrap()
}

fn shortened(request: &Value) -> String {
    request.to_string().chars().take(4000).collect()
}
