//! Processes of a test: engines, and the workers that carry their workflows out.

use std::{
    io::{BufRead as _, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    thread,
};

use serde_json::Value;

use super::wait_for;

/// A workflow that ran, as its worker says.
#[derive(Debug, Clone)]
pub(super) struct Ran {
    /// The engine's name of the run.
    pub id: String,
    /// The input of the workflow, as text.
    pub input: String,
}

/// A running program, killed when dropped.
pub(super) struct Worker {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Worker {
    /// Starts a program and collects what it prints.
    pub(super) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = Arc::default();
        collect(child.stdout.take().unwrap(), &lines);
        collect(child.stderr.take().unwrap(), &lines);
        Self { child, lines }
    }

    /// Returns the JSON objects that the program printed.
    fn objects(&self) -> Vec<Value> {
        self.lines.lock().unwrap().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits until the program has printed an object in which something is found.
    pub(super) async fn says<T>(&self, what: &str, find: impl Fn(&Value) -> Option<T>) -> T {
        wait_for(what, async || self.objects().iter().find_map(&find)).await
    }

    /// Waits until the program has printed a line that contains a text.
    pub(super) async fn prints(&self, text: &str) {
        wait_for(text, async || self.lines.lock().unwrap().iter().any(|line| line.contains(text)).then_some(())).await;
    }

    /// Waits until this many workflows ran, and returns all that ran.
    pub(super) async fn ran(&self, count: usize) -> Vec<Ran> {
        wait_for(&format!("{count} workflows"), async || {
            let text = |object: &Value, name: &str| Some(object[name].as_str()?.to_owned());
            let ran = |object: &Value| Some(Ran { id: text(object, "id")?, input: text(object, "input")? });
            let ran: Vec<Ran> = self.objects().iter().filter_map(ran).collect();
            (ran.len() >= count).then_some(ran)
        })
        .await
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- process {}\n{}", self.child.id(), self.lines.lock().unwrap().join("\n"));
        }
    }
}

fn collect(stream: impl Read + Send + 'static, lines: &Arc<Mutex<Vec<String>>>) {
    let lines = lines.clone();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            lines.lock().unwrap().push(line);
        }
    });
}

/// Returns a port for a program that cannot choose one itself. It is below those that the system gives to connections, so
/// that none takes it before the program listens.
pub(super) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (0..2_000)
        .map(|_| first + NEXT.fetch_add(1, Ordering::Relaxed))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}
