//! NATS JetStream, with a consumer of the official Python client.

mod access;
mod large;
mod once;

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use super::{Worker, directory, recipes::recipe, wait_for};

/// A running server.
struct Nats {
    port: u16,
    data: TempDir,
    _server: Worker,
}

impl Nats {
    /// Starts a server with further arguments.
    async fn start(arguments: &[&str]) -> Self {
        let data = TempDir::new().unwrap();
        let mut command = Command::new(directory().join(".venv/bin/nats-server"));
        command.args(["-js", "-a", "127.0.0.1", "-p", "-1"]).args(arguments);
        command.arg("--ports_file_dir").arg(data.path()).arg("-sd").arg(data.path());
        let server = Worker::start(&mut command);
        let port = wait_for("the port of NATS", async || port(data.path())).await;
        Self { port, data, _server: server }
    }

    /// Starts a consumer of the stream, which creates it. The URL begins with a scheme and the credentials.
    async fn consumer(&self, url: &str) -> Worker {
        let mut command = Command::new(directory().join(".venv/bin/python"));
        command.arg(directory().join("nats_consumer.py")).arg(format!("{url}127.0.0.1:{}", self.port));
        let consumer = Worker::start(command.env("SSL_CERT_FILE", self.data.path().join("certificate.pem")));
        consumer.says("a consumer", |said| said["ready"].as_bool()).await;
        consumer
    }

    fn target(&self) -> Value {
        recipe("nats", self.port)
    }
}

/// Returns the port in the file that a server writes once it listens.
fn port(directory: &Path) -> Option<u16> {
    let mut files = fs::read_dir(directory).unwrap().flatten().map(|file| file.path());
    let ports = files.find(|file| file.extension().is_some_and(|name| name == "ports"))?;
    let ports: Value = serde_json::from_str(&fs::read_to_string(ports).ok()?).ok()?;
    ports["nats"][0].as_str()?.rsplit(':').next()?.parse().ok()
}
