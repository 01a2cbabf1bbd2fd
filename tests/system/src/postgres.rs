//! A PostgreSQL server that a test starts, kills and starts again.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Its user, if root runs the tests: PostgreSQL does not run as root. It owns nothing else.
const NOBODY: u32 = 65534;
/// The longest time that a start takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running PostgreSQL server with an empty database `inlet`, killed when dropped.
pub struct Postgres {
    /// The programs of the server.
    programs: PathBuf,
    env: Vec<(String, String)>,
    directory: TempDir,
    /// Its port on the loopback address.
    pub port: u16,
    process: Child,
}

impl Postgres {
    /// Starts a new server.
    pub fn start() -> Self {
        Self::start_with_env(&[])
    }

    /// Starts a new server with environment variables.
    pub fn start_with_env(env: &[(&str, &str)]) -> Self {
        Self::start_with(new_directory(), programs(), env)
    }

    /// Starts a new server of the programs in `bin` of a directory.
    pub fn start_version(installed: &Path) -> Self {
        let directory = new_directory();
        // A copy, because another user may not see what is in a home directory.
        let copy = directory.path().join("programs");
        assert!(Command::new("cp").arg("-rL").args([installed, &copy]).status().unwrap().success(), "{installed:?}");
        Self::start_with(directory, copy.join("bin"), &[])
    }

    fn start_with(directory: TempDir, programs: PathBuf, env: &[(&str, &str)]) -> Self {
        let data = directory.path().join("data");
        let made = as_nobody(&programs.join("initdb"))
            .args(["-U", "inlet", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let env: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let process = run(&programs, &env, directory.path(), port);
        let server = Self { programs, env, directory, port, process };
        server.wait();
        server.sql("postgres", "CREATE DATABASE inlet");
        server
    }

    /// Returns the URL of the database.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// Returns the URL of the database behind another port.
    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://inlet@127.0.0.1:{port}/inlet")
    }

    /// Runs statements in a database; returns what they print, without headings.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let done = Command::new(programs().join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "inlet", "-d", database])
            .args(["-p", &self.port.to_string(), "-c", statements])
            .output()
            .unwrap();
        assert!(done.status.success(), "{statements}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
    }

    /// Lets everybody but the user `inlet` in with a password only.
    pub fn require_passwords(&self) {
        let rules = "host all inlet 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(self.directory.path().join("data/pg_hba.conf"), rules).unwrap();
        self.sql("postgres", "SELECT pg_reload_conf()");
    }

    /// Kills all of its processes at once, like a power cut.
    pub fn kill(&mut self) {
        let group = format!("-{}", self.process.id());
        assert!(Command::new("kill").args(["-KILL", "--", &group]).status().unwrap().success());
        self.process.wait().unwrap();
    }

    /// Starts it again after it was killed, and waits until it has recovered.
    pub fn start_again(&mut self) {
        let begun = Instant::now();
        loop {
            self.process = run(&self.programs, &self.env, self.directory.path(), self.port);
            std::thread::sleep(Duration::from_millis(200));
            // The system may not have removed the memory of the killed processes yet.
            if self.process.try_wait().unwrap().is_none() {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{}", self.log());
        }
        self.wait();
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("postgres.log")).unwrap_or_default()
    }

    fn wait(&self) {
        let begun = Instant::now();
        let is_ready = || {
            let asked = Command::new(programs().join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()])
                .status();
            asked.unwrap().success()
        };
        while !is_ready() {
            assert!(begun.elapsed() < PATIENCE, "PostgreSQL did not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.kill();
        }
    }
}

fn new_directory() -> TempDir {
    let directory = tempfile::Builder::new().prefix("inlet-postgres-").tempdir().unwrap();
    if is_root() {
        chown(directory.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    directory
}

fn run(programs: &Path, env: &[(String, String)], directory: &Path, port: u16) -> Child {
    let log = fs::File::options().create(true).append(true).open(directory.join("postgres.log")).unwrap();
    as_nobody(&programs.join("postgres"))
        .arg("-D")
        .arg(directory.join("data"))
        .arg("-k")
        .arg(directory)
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
        .envs(env.iter().map(|(name, value)| (name, value)))
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn as_nobody(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns the directory of the newest server programs, as Debian installs them, or the one that `INLET_TEST_POSTGRES` names.
fn programs() -> PathBuf {
    if let Some(named) = std::env::var_os("INLET_TEST_POSTGRES") {
        return named.into();
    }
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.join("bin")).filter(|programs| programs.join("initdb").exists()).collect();
    found.sort();
    found.pop().expect(
        "no PostgreSQL server is installed; install one (Debian: apt-get install postgresql), or name the directory of \
         its programs in INLET_TEST_POSTGRES",
    )
}
