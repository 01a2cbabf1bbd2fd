//! `inlet user import` with a real server.

mod interruptions;
mod memory;
mod rows;

use std::{
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use inlet_system_tests::{Server, binary};
use serde_json::Value;

/// The number of users of a large import.
pub const MANY: usize = 25_000;

/// The importer, with a directory for its files.
pub struct Importer {
    pub directory: tempfile::TempDir,
    pub server: String,
    pub key: String,
}

/// The end of a run of the importer.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Importer {
    pub async fn of(server: &Server) -> Self {
        let key = server.api_key("development").await;
        Self { directory: tempfile::tempdir().unwrap(), server: server.admin.clone(), key }
    }

    /// Writes a file.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(self.directory.path()).args(["user", "import"]).args(arguments);
        command.env("INLET_SERVER", &self.server).env("INLET_API_KEY", &self.key);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Returns the progress, or null if there is none.
    pub fn progress(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.path(name)).unwrap_or_else(|_| "null".to_owned());
        serde_json::from_str(&text).unwrap()
    }

    /// Waits until so many users were identified, or the importer has ended. Returns true if it has not.
    pub async fn wait_for(&self, child: &mut Child, progress: &str, users: u64) -> bool {
        for _ in 0..30_000 {
            if self.progress(progress)["counts"]["identified"].as_u64().is_some_and(|found| found >= users) {
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("{users} users were not identified within 60 s");
    }
}

impl Run {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Returns exit code, standard output and standard error, for snapshots.
    pub fn text(&self) -> String {
        format!("{}\n{}{}", self.code, self.stdout, self.stderr)
    }
}

/// Returns the ids of all users of `development`.
pub async fn all_ids(server: &Server, key: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = String::new();
    loop {
        let (status, page) = server.get_with_key(key, &format!("/v1/users?page_size=100{after}")).await;
        assert_eq!(status, 200, "{page}");
        let entries = page["entries"].as_array().unwrap();
        ids.extend(entries.iter().map(|user| user["id"].as_str().unwrap().to_owned()));
        match page["page_info"]["after"].as_str() {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return ids,
        }
    }
}

/// Checks that each of [`MANY`] users was identified, and none else.
pub async fn expect_many(server: &Server, key: &str) {
    let mut ids = all_ids(server, key).await;
    ids.sort_unstable();
    let mut expected: Vec<String> = (0..MANY).map(|n| format!("u_{n}")).collect();
    expected.sort_unstable();
    assert!(ids == expected, "{} users instead of {MANY}", ids.len());
}

/// Returns a CSV file of [`MANY`] users.
pub fn many_csv() -> String {
    let rows = (0..MANY).map(|n| format!("u_{n},User {n},{n}\n"));
    std::iter::once("id,name,number\n".to_owned()).chain(rows).collect()
}
