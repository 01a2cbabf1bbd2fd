//! The author's tool with a connection to a test server.

use std::{
    path::Path,
    process::{Command, Output},
};

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, binary, http_version};

/// The author's tool in a directory of its own.
pub struct Tool {
    /// The directory.
    pub directory: tempfile::TempDir,
    /// The server's URL.
    pub server: String,
    /// The token sent to the server.
    pub token: String,
    /// A certificate to trust instead of the system's.
    pub trusted: Option<String>,
}

impl Tool {
    pub fn of(server: &Server) -> Tool {
        Tool {
            directory: tempfile::tempdir().unwrap(),
            server: server.admin.clone(),
            token: MANAGEMENT_TOKEN.to_owned(),
            trusted: None,
        }
    }

    /// Writes a file into the directory.
    pub fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.directory.path().join(name), bytes).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.current_dir(self.directory.path()).arg("plugin").args(arguments);
        command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("caches"));
        command.envs(self.trusted.iter().map(|file| ("SSL_CERT_FILE", file)));
        command.env("INLET_SERVER", &self.server).env("INLET_TOKEN", &self.token).output().unwrap()
    }

    /// Runs the tool, expects success, and returns its output.
    pub fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "inlet plugin {arguments:?}: {error}{said}");
        said
    }

    /// Runs the tool, expects failure, and returns the sentence, which is one line.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "inlet plugin {arguments:?} succeeded");
        let error = String::from_utf8(output.stderr).unwrap();
        let sentence = error.lines().last().unwrap_or_default().to_owned();
        assert!(sentence.starts_with("inlet: "), "{error}");
        sentence
    }

    /// Adds versions of `acme/http`.
    pub fn add(&self, versions: &[&str]) {
        for name in versions {
            self.file("version.wasm", &http_version("acme/http", name));
            self.printed(&["add", "version.wasm"]);
        }
    }
}
