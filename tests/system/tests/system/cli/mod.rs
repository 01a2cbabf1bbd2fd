//! The command line against a real server, as transcripts: what a person types, and what comes back.

mod configuration;
mod configuration_files;
mod deliveries;
mod events;
mod following;
mod mcp;
mod outcomes;
mod profiles;
mod refused;
mod server;
mod stream;
mod transcript;
mod transcripts;

use std::{
    fmt::Write as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use inlet_system_tests::{MANAGEMENT_TOKEN, Server, binary};

/// A person at a shell, with a home directory and a directory to work in.
pub struct Shell {
    pub directory: tempfile::TempDir,
    server: String,
    transcript: String,
    /// Texts that differ from run to run, and the words for them.
    hidden: Vec<(String, &'static str)>,
}

impl Shell {
    pub fn of(server: &Server) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            server: server.admin.clone(),
            transcript: String::new(),
            hidden: Vec::new(),
        }
    }

    /// Writes a word in place of a text that differs from run to run.
    pub fn hide(&mut self, text: &str, word: &'static str) {
        self.hidden.push((text.trim().to_owned(), word));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Returns the command without the variables that name a server.
    pub fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.current_dir(self.directory.path()).args(arguments).env_clear();
        command.env("HOME", self.directory.path()).env("XDG_CONFIG_HOME", self.path("config"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(arguments);
        command.env("INLET_SERVER", &self.server).env("INLET_TOKEN", MANAGEMENT_TOKEN);
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Runs a command, writes it into the transcript, and returns its standard output.
    pub fn run(&mut self, arguments: &[&str]) -> String {
        let command = self.command(arguments);
        self.record(arguments, command)
    }

    /// Writes a command and its end into the transcript.
    pub fn record(&mut self, arguments: &[&str], mut command: Command) -> String {
        let output = command.output().unwrap();
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let quoted = |argument: &&str| match argument.contains([' ', '{', '"', '\'']) {
            true => format!("'{argument}'"),
            false => (*argument).to_owned(),
        };
        let typed: Vec<String> = arguments.iter().map(quoted).collect();
        let code = output.status.code().unwrap();
        let typed = typed.join(" ").replace('\u{1b}', "ESC");
        write!(self.transcript, "$ inlet {typed}\n{stdout}").unwrap();
        for line in stderr.lines() {
            writeln!(self.transcript, "! {line}").unwrap();
        }
        if code != 0 {
            writeln!(self.transcript, "= {code}").unwrap();
        }
        self.transcript.push('\n');
        stdout
    }

    /// Returns what was typed and what came back, without what differs from run to run.
    pub fn transcript(&self) -> String {
        let places = [
            (self.directory.path().display().to_string(), "DIR"),
            (self.server.clone(), "SERVER"),
            (self.server.replace("http://", ""), "HOST"),
        ];
        let mut text = self.transcript.clone();
        let hidden = self.hidden.iter().map(|(text, word)| (text.clone(), *word));
        for (from, to) in hidden.chain(places) {
            text = text.replace(&from, to);
        }
        transcript::without_chance(&text)
    }
}
