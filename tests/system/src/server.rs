//! Starting, stopping and killing the server's binary.

use std::{
    collections::BTreeMap,
    fs,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags, poll};
use serde_json::Value;
use tempfile::TempDir;

use crate::compiled_plugins;

/// The bearer token of test servers.
pub const MANAGEMENT_TOKEN: &str = "test-management-token-0123456789";

/// Settings for starting a server.
#[derive(Default)]
pub struct ServerOptions {
    /// Further arguments of `inlet serve`.
    pub args: Vec<String>,
    /// Further environment variables.
    pub env: BTreeMap<String, String>,
    /// A program to run instead of the server's binary.
    pub binary: Option<PathBuf>,
    /// A data directory to use instead of a new one.
    pub data_dir: Option<PathBuf>,
}

impl ServerOptions {
    /// Adds an argument.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds an environment variable.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }
}

/// A running server, killed when dropped.
pub struct Server {
    child: Child,
    log: Output,
    stdout: Output,
    /// Base URL of the listener that receives webhooks.
    pub base: String,
    /// Base URL of the listener for everything else.
    pub admin: String,
    data_dir: PathBuf,
    _own_dir: Option<TempDir>,
    /// An HTTP client with its own connections.
    pub client: reqwest::Client,
}

/// Returns the path of the server's binary, which `make test` builds before the tests.
pub fn binary() -> PathBuf {
    target_dir().join("inlet")
}

/// Returns the path of a bundled plugin, for example `http.wasm`.
pub fn bundled_plugin(file: &str) -> PathBuf {
    built("plugins", file)
}

/// Returns the path of a plugin that does not come with the server, for example `inlet__stripe.wasm`.
pub fn platform_plugin(file: &str) -> PathBuf {
    built("platforms", file)
}

/// Returns a directory of some plugins that do not come with the server. A server compiles every plugin of its directory before
/// it is ready, and there are many of them.
pub fn platform_directory(files: &[&str]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for file in files {
        fs::copy(platform_plugin(file), directory.path().join(file)).unwrap();
    }
    directory
}

/// Returns the path of a plugin made for tests, for example `inlet__hostile.wasm`.
pub fn test_plugin(file: &str) -> PathBuf {
    built("test-plugins", file)
}

fn built(directory: &str, file: &str) -> PathBuf {
    let file = target_dir().join("..").join(directory).join(file);
    assert!(file.is_file(), "{} is missing; run `make plugins platforms test-plugins`", file.display());
    file
}

fn target_dir() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    // target/debug/deps/system-…
    test.ancestors().nth(2).unwrap().to_owned()
}

/// Returns the C compiler that the README requires.
pub fn find_cc() -> String {
    std::env::var("CC").unwrap_or_else(|_| "cc".to_owned())
}

impl Server {
    /// Starts a server on an empty data directory.
    pub async fn start() -> Server {
        Self::start_with(ServerOptions::default()).await
    }

    /// Starts a server and waits until it is ready.
    pub async fn start_with(options: ServerOptions) -> Server {
        match Self::try_start(options).await {
            Ok(server) => server,
            Err(log) => panic!("the server did not start:\n{log}"),
        }
    }

    /// Starts a server. If it ends early, the error contains its output.
    pub async fn try_start(options: ServerOptions) -> Result<Server, String> {
        let binary = options.binary.unwrap_or_else(binary);
        assert!(binary.is_file(), "{} is missing; run `make test`, or `cargo build -p inlet` first", binary.display());
        let own_dir = options.data_dir.is_none().then(|| TempDir::new().unwrap());
        let data_dir = options.data_dir.unwrap_or_else(|| own_dir.as_ref().unwrap().path().join("data"));
        let shared = target_dir().join("compiled-plugins");
        if own_dir.is_some() {
            compiled_plugins::seed(&shared, &data_dir).unwrap();
        }
        let work_dir = TempDir::new().unwrap();
        let mut command = Command::new(binary);
        command
            .arg("serve")
            .args(["--log-format", "json", "--data-dir"])
            .arg(&data_dir)
            .args(&options.args)
            .args(if options.args.iter().any(|arg| arg == "--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] })
            .env("INLET_MANAGEMENT_TOKEN", MANAGEMENT_TOKEN)
            .envs(&options.env)
            // The checkout may contain an inlet.toml, which must not be used.
            .current_dir(work_dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Output::collect(child.stderr.take().unwrap().into());
        let stdout = Output::collect(child.stdout.take().unwrap().into());
        let deadline = Instant::now() + Duration::from_secs(60);
        let ready = loop {
            let ready = log
                .so_far()
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .find(|line| line["fields"]["message"] == "ready");
            if let Some(ready) = ready {
                break ready;
            }
            if child.try_wait().unwrap().is_some() || Instant::now() > deadline {
                let _ = child.kill();
                thread::sleep(Duration::from_millis(100));
                return Err(log.so_far());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        if own_dir.is_some() {
            compiled_plugins::share(&shared, &data_dir).unwrap();
        }
        let base = format!("http://{}", ready["fields"]["listen"].as_str().unwrap());
        let admin = match ready["fields"]["admin_listen"].as_str() {
            Some(admin) => format!("http://{admin}"),
            None => base.clone(),
        };
        let client = reqwest::Client::builder().pool_max_idle_per_host(256).build().unwrap();
        Ok(Server { child, log, stdout, base, admin, data_dir, _own_dir: own_dir, client })
    }

    /// Returns the data directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the log so far: every line that the server has written before this call.
    pub fn log(&self) -> String {
        self.log.so_far()
    }

    /// Waits until the log contains a text, which may be written after an answer.
    pub async fn wait_for_log(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.log().contains(text) {
            assert!(Instant::now() < deadline, "{text:?} is not in the log:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Returns the standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.so_far()
    }

    /// Kills the process without warning, like a power cut.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Suspends the process, as a machine that is moved or sleeps does.
    pub fn suspend(&self) {
        self.signal("-STOP");
    }

    /// Lets a suspended process go on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until the process ends; returns true if it succeeded.
    pub async fn wait_for_exit(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(Instant::now() < deadline, "the server did not end:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Keeps the data directory for the next server. Returns its guard, if this server created it, and its path.
    pub fn take_data_dir(mut self) -> (Option<TempDir>, PathBuf) {
        (self._own_dir.take(), self.data_dir.clone())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- the server's log\n{}", self.log());
        }
    }
}

/// A stream of a process, which a thread collects.
#[derive(Clone)]
struct Output {
    pipe: Arc<OwnedFd>,
    collected: Arc<Mutex<Vec<u8>>>,
}

impl Output {
    fn collect(pipe: OwnedFd) -> Self {
        let output = Self { pipe: Arc::new(pipe), collected: Arc::default() };
        let collecting = output.clone();
        thread::spawn(move || {
            let mut buffer = [0; 64 << 10];
            loop {
                // The bytes stay in the pipe until they can be collected, so that an empty pipe means that all are.
                let mut wanted = [PollFd::new(&collecting.pipe, PollFlags::IN)];
                if poll(&mut wanted, None).is_err() {
                    continue;
                }
                let mut collected = collecting.collected.lock().unwrap();
                match rustix::io::read(&*collecting.pipe, &mut buffer) {
                    Ok(0) => return,
                    Ok(count) => collected.extend_from_slice(&buffer[..count]),
                    Err(rustix::io::Errno::INTR) => {}
                    Err(error) => panic!("cannot read the server's output: {error}"),
                }
            }
        });
        output
    }

    /// Returns what was written before this call.
    fn so_far(&self) -> String {
        loop {
            let collected = self.collected.lock().unwrap();
            if rustix::io::ioctl_fionread(&*self.pipe).unwrap() == 0 {
                return String::from_utf8_lossy(&collected).trim_end_matches('\n').to_owned();
            }
            drop(collected);
            thread::yield_now();
        }
    }
}

/// Reads every file under a directory, to search for content that must not be there.
pub fn all_files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all_files(&path)),
            false => found.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}
