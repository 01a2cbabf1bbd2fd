//! The place of a token or a key: a file that only its owner can read, or a command that prints it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::{exit_code::NoCredential, secret_file};

/// The place of a token or a key.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// A file.
    File(&'a Path),
    /// A program and its arguments.
    Command(&'a [String]),
}

impl<'a> Credential<'a> {
    pub(super) fn of(file: Option<&'a Path>, command: Option<&'a [String]>) -> Option<Self> {
        file.map(Self::File).or_else(|| command.map(Self::Command))
    }

    /// Reads the token or key.
    pub fn read(self) -> anyhow::Result<String> {
        match self {
            Self::File(path) => read_file(path),
            Self::Command(command) => run(command),
        }
    }
}

fn read_file(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    if let Ok(metadata) = fs::metadata(path) {
        let mode = metadata.permissions().mode();
        if mode & 0o077 != 0 {
            let mode = mode & 0o777;
            bail!(NoCredential(format!("{shown} can be read by others (mode {mode:o}); `chmod 600` it")));
        }
    }
    secret_file::read(path)?.ok_or_else(|| NoCredential(format!("there is no token in {shown}; write it there")).into())
}

/// Runs a command, whose messages and questions go to the terminal.
fn run(command: &[String]) -> anyhow::Result<String> {
    let [program, arguments @ ..] = command else {
        bail!(NoCredential("the command that prints the token is empty; name a program".to_owned()));
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {program:?}, which prints the token"))?;
    let token = String::from_utf8(output.stdout).unwrap_or_default();
    match token.lines().next().map(str::trim).filter(|token| output.status.success() && !token.is_empty()) {
        Some(token) => Ok(token.to_owned()),
        None => bail!(NoCredential(format!("{program:?} printed no token ({})", output.status))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(words: &[&str]) -> anyhow::Result<String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Credential::Command(&words).read()
    }

    #[test]
    fn the_first_line_of_a_command_is_the_token() {
        assert_eq!(command(&["printf", "im_1\nurl: x\n"]).unwrap(), "im_1");
        insta::assert_snapshot!(command(&["false"]).unwrap_err(), @r#""false" printed no token (exit status: 1)"#);
        insta::assert_snapshot!(command(&["printf", ""]).unwrap_err(), @r#""printf" printed no token (exit status: 0)"#);
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, "im_1\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Credential::File(&path).read().unwrap_err().to_string();
        assert!(error.ends_with("can be read by others (mode 640); `chmod 600` it"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Credential::File(&path).read().unwrap(), "im_1");
    }
}
