//! `inlet backup`: downloads a consistent copy of a running server's database.
//!
//! It is written beside its file and gets the file's name only when every byte was received and checked, so that a file
//! with that name is a whole backup.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, IsTerminal as _, Read, Write, stdout},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use ureq::{
    Body,
    http::{Method, Response, header},
};

use crate::{
    client::{OTHER_VERSION, ServerArguments},
    exit_code::Usage,
    output::{OutputArguments, byte_bar, note, print_json, spinner},
};

/// The bytes that are received at a time.
const CHUNK: usize = 64 << 10;

/// The arguments of `inlet backup`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The backup is the server's whole SQLite database as it was at one moment, while webhooks are received: all environments, events,
users and added plugins. The master key is NOT in it, and its secrets cannot be read without that key: keep a copy of the key
(<data-dir>/master-key or INLET_MASTER_KEY), and keep it apart from the backups.

The file appears under its name only when all of it was received and checked. Into a pipe (`-`) only its digest is checked: the
exit code is 1 if it broke off. `inlet restore` puts it back. The token needs the scope admin and all environments.")]
pub struct Arguments {
    /// The file to write, or - for the standard output
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace a file that is there, once the new one is complete
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    output: OutputArguments,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Serialize)]
struct Written<'a> {
    file: &'a Path,
    bytes: u64,
    sha256: String,
}

/// Downloads a backup. `check` reads all of a written one, and returns an error if it is not whole.
pub fn run(arguments: &Arguments, check: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let client = arguments.server.client()?;
    if arguments.file.as_os_str() == "-" {
        if arguments.output.json {
            bail!(Usage("the backup itself goes to the standard output; leave --json out".to_owned()));
        }
        if stdout().is_terminal() {
            bail!(Usage("a backup is no text for a terminal; name a file, or lead it into a pipe".to_owned()));
        }
        let received = receive(request(&client)?, stdout().lock())?;
        note(&received.sentence("the standard output"));
        return Ok(());
    }
    if !arguments.replace && arguments.file.exists() {
        let file = arguments.file.display();
        bail!(Usage(format!("{file} is there already; name another file, or give --replace")));
    }
    // It fails for a directory that is not there before the server works.
    let part = Part::create(&arguments.file)?;
    let received = receive(request(&client)?, &part.file)?;
    part.file.sync_all().map_err(not_written).with_context(|| part.cannot_write())?;
    check(&part.path)?;
    part.adopt(&arguments.file)?;
    let file = arguments.file.display().to_string();
    match arguments.output.json {
        true => {
            let written =
                Written { file: &arguments.file, bytes: received.bytes, sha256: hex::encode(received.sha256) };
            print_json(&serde_json::to_string(&written).context("cannot write the result")?)?;
        }
        false => note(&received.sentence(&format!("{file}, checked"))),
    }
    note("Keep the master key apart from it: the key is not in the backup, and without it no server opens the backup.");
    Ok(())
}

/// Asks for a backup. The answer begins when the server has made it.
fn request(client: &crate::client::Client) -> anyhow::Result<Response<Body>> {
    let waiting = spinner("the server copies its database");
    let response = client.open_response(Method::POST, "/v1/backups");
    waiting.finish_and_clear();
    response
}

struct Received {
    bytes: u64,
    sha256: [u8; 32],
}

impl Received {
    fn sentence(&self, place: &str) -> String {
        format!("{} bytes are written to {place} (SHA-256 {})", self.bytes, hex::encode(self.sha256))
    }
}

/// Writes the body of a response, and compares its size and digest with those that the server named.
fn receive(response: Response<Body>, mut into: impl Write) -> anyhow::Result<Received> {
    let named = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let size: u64 = named(header::CONTENT_LENGTH.as_str()).and_then(|size| size.parse().ok()).context(OTHER_VERSION)?;
    let digest = named("repr-digest")
        .and_then(|value| value.strip_prefix("sha-256=:")?.strip_suffix(':'))
        .and_then(|text| STANDARD.decode(text).ok())
        .context(OTHER_VERSION)?;
    let bar = byte_bar(Some(size), "received");
    let (mut reader, mut hash, mut bytes) = (response.into_body().into_reader(), Sha256::new(), 0);
    let mut chunk = vec![0; CHUNK];
    let broke_off = |bytes: u64| format!("the download broke off after {bytes} of {size} bytes; try again");
    loop {
        let count = reader.read(&mut chunk).with_context(|| broke_off(bytes))?;
        if count == 0 {
            break;
        }
        hash.update(&chunk[..count]);
        into.write_all(&chunk[..count]).map_err(not_written)?;
        bytes += count as u64;
        bar.inc(count as u64);
    }
    into.flush().map_err(not_written)?;
    bar.finish_and_clear();
    let sha256: [u8; 32] = hash.finalize().into();
    if bytes != size {
        bail!(broke_off(bytes));
    }
    if digest != sha256 {
        bail!("what was received has another SHA-256 than what the server sent; it was changed on its way: try again");
    }
    Ok(Received { bytes, sha256 })
}

/// The error of a file, or a pipe, that does not take the backup.
fn not_written(error: io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::FileTooLarge | ErrorKind::QuotaExceeded => anyhow::Error::new(error)
            .context("the backup could not be written; make room, or name a file on another disk"),
        _ => anyhow::Error::new(error).context("cannot write the backup"),
    }
}

/// The file beside the backup's, which is removed unless it is adopted.
struct Part {
    file: File,
    path: PathBuf,
}

impl Part {
    fn create(target: &Path) -> anyhow::Result<Self> {
        let mut name = OsString::from(target);
        name.push(".part");
        let path = PathBuf::from(name);
        // It holds personal data. One that was left by a kill may have another mode.
        _ = fs::remove_file(&path);
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let file = opened.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file, path })
    }

    fn cannot_write(&self) -> String {
        format!("cannot write {}", self.path.display())
    }

    /// Gives it its name, for good.
    fn adopt(&self, target: &Path) -> anyhow::Result<()> {
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::rename(&self.path, target)
            .and_then(|()| File::open(parent)?.sync_all())
            .with_context(|| format!("cannot write {}", target.display()))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // An adopted one has another name.
        _ = fs::remove_file(&self.path);
    }
}
