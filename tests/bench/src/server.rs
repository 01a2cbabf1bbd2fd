//! A server under test: its data directory, its source, and the requests to it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    databases::Databases,
    generator::Aim,
    http,
    process::Process,
    scenario::{self, Scenario},
    template::Template,
};

/// The master key of servers that share a database.
const MASTER_KEY: &str = "62656e6368206d6173746572206b65792062656e6368206d6173746572206b65";
/// Idle time before the memory at rest is read.
const REST: Duration = Duration::from_secs(1);

/// The settings for starting servers.
#[derive(Debug, Clone)]
pub struct Program {
    /// The executable.
    pub file: PathBuf,
    /// The directory for data directories.
    pub data: PathBuf,
    /// A directory with further plugins.
    pub plugins: Option<PathBuf>,
    /// The PostgreSQL database of all servers.
    pub database_url: Option<String>,
    /// The PostgreSQL server on which each server that is started on an empty store gets a database, unless there is one for
    /// all. None: a file in its data directory.
    pub databases: Option<Arc<Databases>>,
}

impl Program {
    /// Creates the settings without further plugins.
    pub fn new(file: PathBuf, data: PathBuf) -> Self {
        Self { file, data, plugins: None, database_url: None, databases: None }
    }
}

/// A data directory with one source, served by one process at a time. It is removed when dropped.
#[derive(Debug)]
pub struct Server {
    /// Declared before the directory, so that the process ends before the directory is removed.
    process: Process,
    program: Program,
    directory: TempDir,
    token: String,
    scenario: Scenario,
    path: String,
    /// Memory after the start and before any load, in bytes.
    pub idle: u64,
}

impl Server {
    /// Starts a server on an empty data directory and checks the scenario's outcome.
    pub fn start(program: &Program, scenario: Scenario) -> anyhow::Result<Self> {
        let new_database = || program.databases.as_ref().map(|databases| databases.create());
        let program = &Program { database_url: program.database_url.clone().or_else(new_database), ..program.clone() };
        let directory = tempfile::Builder::new()
            .prefix(scenario.key())
            .tempdir_in(&program.data)
            .with_context(|| format!("cannot make a directory in {}", program.data.display()))?;
        let token = format!("{}{}", Uuid::now_v7().simple(), Uuid::now_v7().simple());
        let process = launch(program, directory.path(), &token)?;
        thread::sleep(REST);
        let idle = process.usage().resident()?;
        process.usage().forget_peak()?;
        let path = create_source(&process, &token, scenario.key(), "development", &scenario.source())?;
        let server = Self { process, program: program.clone(), directory, token, scenario, path, idle };
        server.check()?;
        Ok(server)
    }

    /// Starts a second server on the database of another one, with an empty data directory.
    pub fn join(other: &Self) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir_in(&other.program.data)?;
        let process = launch(&other.program, directory.path(), &other.token)?;
        let (program, token, path) = (other.program.clone(), other.token.clone(), other.path.clone());
        let server = Self { process, program, directory, token, scenario: other.scenario, path, idle: 0 };
        server.check()?;
        Ok(server)
    }

    /// Starts another process on the same data.
    pub fn restart(self) -> anyhow::Result<Self> {
        let Self { process, program, directory, token, scenario, path, idle } = self;
        process.stop()?;
        let process = launch(&program, directory.path(), &token)?;
        Ok(Self { process, program, directory, token, scenario, path, idle })
    }

    /// Creates another source, and returns the path of its endpoint.
    pub fn create_source(&self, key: &str, source: &Value) -> anyhow::Result<String> {
        create_source(&self.process, &self.token, key, "development", source)
    }

    /// Creates a source in another environment, and returns the target of a load on it.
    pub fn create_elsewhere(&self, key: &str) -> anyhow::Result<Aim> {
        let source = scenario::source_in("production", key, "segment", serde_json::json!({}), Vec::new());
        let path = create_source(&self.process, &self.token, key, "production", &source)?;
        Ok(Aim { address: self.process.address, template: Template::new(&path, 1) })
    }

    /// Returns the path of the measured source's endpoint.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Calls the management API, given a method and a path.
    pub fn manage(&self, line: &str, body: &Value) -> anyhow::Result<()> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        http::request(self.process.address, line, Some(&self.token), &body).map(drop)
    }

    /// Returns the answer of the management API to a GET.
    pub fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = http::request(self.process.address, &format!("GET {path}"), Some(&self.token), "")?;
        serde_json::from_str(&answer).with_context(|| format!("GET {path} answers no JSON"))
    }

    /// Adds a version of a plugin.
    pub fn add_plugin(&self, key: &str, wasm: &[u8]) -> anyhow::Result<()> {
        let digest = hex::encode(Sha256::digest(wasm));
        let line = format!("PUT /v1/source_providers/{key}?replace=true&digest=sha256:{digest}");
        http::send(self.process.address, &line, Some(&self.token), "application/wasm", wasm).map(drop)
    }

    /// Sets the plugin version of the measured source.
    pub fn use_plugin(&self, version: &str) -> anyhow::Result<()> {
        let line = format!("POST /v1/sources/{}/plugin?environment=development", self.scenario.key());
        let body = serde_json::json!({"version": version}).to_string();
        http::request(self.process.address, &line, Some(&self.token), &body).map(drop)
    }

    /// Does what a database server would have done with its tables if they had not been filled within minutes. Does nothing for
    /// a file.
    pub fn vacuum(&self) {
        if let (Some(databases), Some(url)) = (&self.program.databases, &self.program.database_url) {
            databases.vacuum(url);
        }
    }

    /// Stops the process with SIGTERM, as an operator would.
    pub fn stop(self) -> anyhow::Result<()> {
        self.process.stop()
    }

    /// Sends requests that the measured source's plugin cannot read. Their answers do not matter.
    pub fn send_unreadable(&self, requests: usize) -> anyhow::Result<()> {
        let mut template = Template::of(&self.path, r#"{"type":"track","messageId":"@@@@@@@@@@@@@@@@"}"#, 1);
        for _ in 0..requests {
            // An answer of 400 is an error of the client, and what is wanted here.
            let _ = http::exchange(
                &mut http::connect(self.process.address)?,
                template.next(),
                &mut http::ResponseBuffer::new(),
            );
        }
        Ok(())
    }

    /// Returns the management token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the running process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Returns the scenario.
    pub fn scenario(&self) -> Scenario {
        self.scenario
    }

    /// Returns the target of the load.
    pub fn aim(&self) -> Aim {
        Aim { address: self.process.address, template: self.scenario.template(&self.path) }
    }

    /// Returns the target of the load, with this number of events per request.
    pub fn aim_with(&self, events: usize) -> Aim {
        Aim { address: self.process.address, template: Template::new(&self.path, events) }
    }

    /// Sends one request and checks the outcome of each event, because fast errors would prove nothing.
    fn check(&self) -> anyhow::Result<()> {
        let mut aim = self.aim();
        let mut buffer = http::ResponseBuffer::new();
        http::exchange(&mut http::connect(aim.address)?, aim.template.next(), &mut buffer)?;
        let answer: Value = serde_json::from_slice(buffer.body()).context("an answer is not JSON")?;
        let events = answer["events"].as_array().map(Vec::as_slice).unwrap_or_default();
        let as_wanted = events.iter().filter(|event| event["outcome"] == self.scenario.outcome()).count();
        ensure!(
            as_wanted == self.scenario.events() && events.len() == as_wanted,
            "expected {} events to be {}; found {answer}",
            self.scenario.events(),
            self.scenario.outcome()
        );
        Ok(())
    }
}

fn launch(program: &Program, directory: &Path, token: &str) -> anyhow::Result<Process> {
    let mut command = Command::new(&program.file);
    // The environment must not change the server's defaults.
    for (name, _) in std::env::vars_os() {
        if name == "RUST_LOG" || name.to_string_lossy().starts_with("INLET_") {
            command.env_remove(name);
        }
    }
    command.env("INLET_MANAGEMENT_TOKEN", token);
    // Receivers of deliveries run on this machine.
    command.env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.1/32\"]");
    command.arg("serve").arg("--data-dir").arg(directory.join("data"));
    if let Some(url) = &program.database_url {
        command.env("INLET_DATABASE_URL", url).env("INLET_MASTER_KEY", MASTER_KEY);
    }
    if let Some(plugins) = &program.plugins {
        command.arg("--plugins-dir").arg(plugins);
    }
    Process::start(command, directory).context("the server did not start")
}

/// Creates a source, and returns the path of its endpoint.
fn create_source(
    process: &Process,
    token: &str,
    key: &str,
    environment: &str,
    source: &Value,
) -> anyhow::Result<String> {
    let line = format!("PUT /v1/sources/{key}?environment={environment}");
    let answer = http::request(process.address, &line, Some(token), &source.to_string())?;
    let answer: Value = serde_json::from_str(&answer).context("the answer to PUT is not JSON")?;
    let endpoint = answer["source"]["environment_settings"][environment]["settings"]["endpoint"].as_str();
    let endpoint = endpoint.with_context(|| format!("the source has no endpoint: {answer}"))?;
    let path = endpoint.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    path.map(str::to_owned).with_context(|| format!("the endpoint {endpoint:?} is no URL"))
}
