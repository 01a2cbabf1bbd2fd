//! The author's tool, told to speak with a server of the tests.

use std::process::{Command, Output};

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, binary};

use super::hot_install::version;

/// The tool in a folder of its own, against one server.
pub struct Tool {
    /// The folder.
    pub directory: tempfile::TempDir,
    /// The server's address.
    pub server: String,
    /// What it shows to the server.
    pub token: String,
    /// The certificates that it trusts; none: the system's.
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

    /// Writes a file into the folder.
    pub fn file(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.directory.path().join(name), bytes).unwrap();
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.current_dir(self.directory.path()).arg("plugin").args(arguments);
        command.envs(self.trusted.iter().map(|file| ("SSL_CERT_FILE", file)));
        command.env("INLET_SERVER", &self.server).env("INLET_TOKEN", &self.token).output().unwrap()
    }

    /// What is printed when all goes well.
    pub fn printed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "inlet plugin {arguments:?}: {error}{said}");
        said
    }

    /// The sentence when it does not: one line.
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
            self.file("version.wasm", &version("acme/http", name));
            self.printed(&["add", "version.wasm"]);
        }
    }
}
