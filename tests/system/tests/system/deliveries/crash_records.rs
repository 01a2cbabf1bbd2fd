//! The records of a receiver that is killed, and what must be true of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use super::PATIENCE;

/// A receiver in a process of its own.
pub struct RecordingReceiver {
    /// The base URL, which stays the same.
    pub url: String,
    process: Child,
    file: PathBuf,
    _dir: TempDir,
}

impl RecordingReceiver {
    /// Starts a receiver that has received nothing.
    pub fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("records");
        let (process, address) = spawn("127.0.0.1:0", &file);
        Self { url: format!("http://{address}"), process, file, _dir: dir }
    }

    /// Kills it without warning, and starts it again with the same address and file.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        (self.process, _) = spawn(self.url.trim_start_matches("http://"), &self.file);
    }

    /// Waits until all requests that were sent to it before are recorded, or have ended with their sender.
    pub async fn wait_until_idle(&self) {
        let answer = reqwest::Client::new().get(&self.url).timeout(PATIENCE).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    /// Returns the records so far.
    pub fn records(&self) -> Vec<Record> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        // Another line may be in writing.
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        whole.lines().map(|line| Record::of(&serde_json::from_str(line).unwrap())).collect()
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for RecordingReceiver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(address: &str, file: &PathBuf) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recording-receiver"));
    command.arg(address).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let mut line = String::new();
    let stdout: ChildStdout = process.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "the receiver did not start at {address}");
    (process, line.trim().to_owned())
}

/// A record of the receiver. Each was synced before what follows it in time.
pub enum Record {
    /// A request arrived.
    Arrived(Call, String),
    /// A request is answered with 200 after this.
    Answering(Call),
}

/// The target and the key of a delivery. The same key to two targets stands for two bodies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    target: String,
    key: String,
}

impl Call {
    /// Returns the call that a delivery makes, as the API shows it.
    pub fn of_delivery(delivery: &Value) -> Self {
        let text = |member: &str| delivery[member].as_str().unwrap().to_owned();
        Self { target: text("target"), key: text("key") }
    }
}

impl Record {
    fn of(line: &Value) -> Self {
        let text = |member: &str| line[member].as_str().map(str::to_owned);
        let target = line["path"].as_str().unwrap().trim_start_matches('/').to_owned();
        match text("arrived") {
            Some(key) => Self::Arrived(Call { target, key }, text("body").unwrap()),
            None => Self::Answering(Call { target, key: text("answering").unwrap() }),
        }
    }
}

/// Returns the number of arrivals of each call, after a check that a call has one body.
pub fn arrivals(records: &[Record]) -> HashMap<Call, usize> {
    let mut bodies: HashMap<&Call, &str> = HashMap::new();
    let mut counts: HashMap<Call, usize> = HashMap::new();
    for record in records {
        let Record::Arrived(call, body) = record else { continue };
        assert_eq!(bodies.entry(call).or_insert(body), body, "two bodies have one key: {call:?}");
        *counts.entry(call.clone()).or_default() += 1;
    }
    counts
}

/// Checks that deliveries of one order key arrived in order: none before the one before it was answered, and none again
/// after the next one arrived. `deliveries` are those of one target, oldest first, as the API shows them; `order_key` reads
/// the order key from a body.
pub fn check_order(deliveries: &[&Value], records: &[Record], order_key: impl Fn(&Value) -> String) {
    let mut keys: HashMap<&Call, String> = HashMap::new();
    for record in records {
        let Record::Arrived(call, body) = record else { continue };
        keys.entry(call).or_insert_with(|| order_key(&serde_json::from_str(body).unwrap()));
    }
    let mut lines: BTreeMap<&str, Vec<Call>> = BTreeMap::new();
    for delivery in deliveries {
        let call = Call::of_delivery(delivery);
        lines.entry(&keys[&call]).or_default().push(call);
    }
    let mut places: HashMap<&Call, (&[Call], usize)> = HashMap::new();
    for line in lines.values() {
        places.extend(line.iter().enumerate().map(|(place, call)| (call, (line.as_slice(), place))));
    }
    let (mut answered, mut arrived) = (BTreeSet::new(), BTreeSet::new());
    for record in records {
        match record {
            Record::Arrived(call, _) => {
                // Another target's call.
                let Some((line, place)) = places.get(call) else { continue };
                arrived.insert(call);
                if let Some(before) = place.checked_sub(1) {
                    assert!(
                        answered.contains(&line[before]),
                        "{call:?} arrived before {:?} was answered",
                        line[before]
                    );
                }
                if let Some(next) = line.get(place + 1) {
                    assert!(!arrived.contains(next), "{call:?} arrived again after {next:?}");
                }
            }
            Record::Answering(call) => _ = answered.insert(call),
        }
    }
    assert!(lines.values().any(|line| line.len() > 2), "nothing had to be in order");
}
