//! The PostgreSQL server of this test process: started when the first test needs it, and stopped when the process ends.

use std::{
    ffi::OsString,
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use sqlx::{Connection as _, PgConnection};

/// Starts the server, and stops it when the standard input ends, as it does with the process that holds its other end.
const SCRIPT: &str = r#"
"$1/initdb" -D "$2/data" -U inlet -A trust -E UTF8 --locale=C -N > "$2/initdb.log" 2>&1 || exit 1
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c max_connections=400 \
    -c autovacuum=off -c log_line_prefix='%d: ' > "$2/postgres.log" 2>&1 &
server=$!
read -r _
kill -INT $server
wait $server
rm -rf "$2"
"#;
/// Its user, if root runs the tests: PostgreSQL does not run as root. It owns nothing else.
const NOBODY: u32 = 65534;
/// The longest time that a start takes.
const PATIENCE: Duration = Duration::from_secs(60);

static SERVER: LazyLock<Server> = LazyLock::new(start);

struct Server {
    directory: PathBuf,
    /// Its standard input is open as long as this process lives.
    _process: Child,
}

/// Returns the URL of a database of the server.
pub fn url(database: &str) -> String {
    format!("postgres:///{database}?user=inlet&host={}", SERVER.directory.display())
}

/// Returns the socket of the server.
pub fn socket() -> PathBuf {
    SERVER.directory.join(".s.PGSQL.5432")
}

/// Connects to a database of the server.
pub async fn connect(database: &str) -> PgConnection {
    PgConnection::connect(&url(database)).await.unwrap()
}

/// Returns the lines that the server has logged about a database, each with those that belong to it.
pub fn log_of(database: &str) -> Vec<String> {
    let log = fs::read_to_string(SERVER.directory.join("postgres.log")).unwrap();
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(more), Some(entry)) => entry.extend(["\n", more]),
            _ => entries.push(line.to_owned()),
        }
    }
    let prefix = format!("{database}: ");
    entries.iter().filter_map(|entry| entry.strip_prefix(&prefix)).map(str::to_owned).collect()
}

fn start() -> Server {
    let directory = tempfile::Builder::new().prefix("inlet-postgres-").tempdir().unwrap().keep();
    let programs = programs(&directory);
    let mut command = Command::new("sh");
    command.args([OsString::from("-c"), SCRIPT.into(), "sh".into(), programs.into(), directory.clone().into()]);
    if rustix::process::geteuid().is_root() {
        // With the copied programs, or it could not remove them.
        let owner = format!("{NOBODY}:{NOBODY}");
        let changed = Command::new("chown").args(["-R", &owner]).arg(&directory).status().unwrap();
        assert!(changed.success(), "chown {owner} {}", directory.display());
        command.uid(NOBODY).gid(NOBODY);
    }
    let process = command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    wait(&directory);
    Server { directory, _process: process }
}

/// Returns the directory of the newest server programs, as Debian installs them, or a copy of the one that `INLET_TEST_POSTGRES`
/// names: another user may not see what is in a home directory.
fn programs(directory: &Path) -> PathBuf {
    if let Some(named) = std::env::var_os("INLET_TEST_POSTGRES") {
        let all = PathBuf::from(&named).join("..");
        let copied = Command::new("cp").arg("-rL").arg(all).arg(directory.join("programs")).status().unwrap();
        assert!(copied.success(), "INLET_TEST_POSTGRES names {named:?}");
        return directory.join("programs/bin");
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

/// Waits on a thread of its own, because the caller may be on a runtime.
fn wait(directory: &Path) {
    std::thread::scope(|scope| scope.spawn(|| wait_here(directory)).join().unwrap());
}

fn wait_here(directory: &Path) {
    let deadline = Instant::now() + PATIENCE;
    let url = format!("postgres:///postgres?user=inlet&host={}", directory.display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    while runtime.block_on(PgConnection::connect(&url)).is_err() {
        let log = |name: &str| fs::read_to_string(directory.join(name)).unwrap_or_default();
        assert!(Instant::now() < deadline, "PostgreSQL did not start: {}{}", log("initdb.log"), log("postgres.log"));
        std::thread::sleep(Duration::from_millis(50));
    }
}
