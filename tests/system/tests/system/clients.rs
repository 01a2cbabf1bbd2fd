//! Programs of others that are run against the real server (`tests/system/clients`), installed by `make toolchains`.

use std::{
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::toolchains::{is_there, skipped};

/// The longest time that a client may take, in seconds.
const PATIENCE: u64 = 60;

/// The programs that the tests run. A package that an older install lacks counts as missing.
const PROGRAMS: [&str; 12] = [
    "node_modules/@axe-core/playwright",
    "node_modules/playwright-core",
    "node_modules/svix",
    "node_modules/@knocklabs/mgmt",
    "node_modules/@knocklabs/node",
    "node_modules/@modelcontextprotocol/sdk",
    "node_modules/@novu/api",
    "node_modules/@rudderstack/analytics-js",
    "node_modules/@segment/analytics-next",
    "node_modules/ajv",
    ".venv/bin/python",
    ".venv/bin/schemathesis",
];

/// Returns `tests/system/clients`.
pub fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// Returns false, and says so, if the packages are not installed.
pub fn is_installed() -> bool {
    let are_there = is_there("node")
        && PROGRAMS.iter().all(|program| clients().join(program).exists())
        && has_python_package("standardwebhooks");
    if !are_there {
        skipped("tests/system/clients", "node, its packages and a Python environment are not all there");
    }
    are_there
}

fn has_python_package(name: &str) -> bool {
    let versions = std::fs::read_dir(clients().join(".venv/lib")).into_iter().flatten().flatten();
    versions.map(|version| version.path().join("site-packages").join(name)).any(|package| package.is_dir())
}

/// Runs a client script to its end, expects success, and returns its output.
pub fn run(script: &str, arguments: &[&str]) -> String {
    self::script(script, arguments).run()
}

/// Returns a client script with its interpreter.
pub fn script(script: &str, arguments: &[&str]) -> Program {
    let program = match script.ends_with(".py") {
        true => Program::new(".venv/bin/python"),
        false => Program { command: Command::new("node"), ..Program::new("") },
    };
    program.args([script]).args(arguments)
}

/// A program of `tests/system/clients` to run.
pub struct Program {
    command: Command,
    directory: PathBuf,
    patience: Duration,
}

impl Program {
    /// A program at this path under `tests/system/clients`, which is also its working directory.
    pub fn new(path: &str) -> Self {
        let patience = Duration::from_secs(PATIENCE);
        Self { command: Command::new(clients().join(path)), directory: clients(), patience }
    }

    /// Sets another working directory, for a program that writes into it.
    pub fn directory(self, directory: &Path) -> Self {
        Self { directory: directory.to_owned(), ..self }
    }

    /// Adds arguments.
    pub fn args<S: AsRef<str>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets the longest time that the program may take, in seconds.
    pub fn patience(mut self, seconds: u64) -> Self {
        self.patience = Duration::from_secs(seconds);
        self
    }

    /// Runs the program to its end, and returns its output.
    ///
    /// # Panics
    ///
    /// If it fails, or takes longer than it may.
    pub fn run(self) -> String {
        self.run_to_end(true)
    }

    /// Runs a program that may fail to its end, and returns its output.
    ///
    /// # Panics
    ///
    /// If it takes longer than it may.
    pub fn try_run(self) -> String {
        self.run_to_end(false)
    }

    fn run_to_end(mut self, must_succeed: bool) -> String {
        self.command.current_dir(&self.directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let (stdout, stderr) = (read(child.stdout.take().unwrap()), read(child.stderr.take().unwrap()));
        let deadline = Instant::now() + self.patience;
        let mut is_in_time = true;
        while is_in_time && child.try_wait().unwrap().is_none() {
            is_in_time = Instant::now() < deadline;
            thread::sleep(Duration::from_millis(10));
        }
        if !is_in_time {
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        let (printed, errors) = (stdout.join().unwrap(), stderr.join().unwrap());
        let arguments: Vec<_> = self.command.get_args().collect();
        let is_well = is_in_time && (status.success() || !must_succeed);
        assert!(is_well, "{:?} {arguments:?}: {status}: {printed}{errors}", self.command.get_program());
        printed
    }
}

/// Reads a stream to its end beside the program, which would otherwise wait once its pipe is full.
fn read(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
