//! `inlet restore`: puts a backup into a data directory.

use std::{
    fs::File,
    io::{Read, stdin},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use inlet_cli::{
    byte_bar,
    exit_code::{NotFound, Usage},
    spinner,
};
use inlet_core::time;
use inlet_engine::secrets::{self, KeyOrigin};
use inlet_store::{PresentDatabase, Restore, RestoreError};

use crate::config::{Config, Flags};

/// The arguments of `inlet restore`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The server must be stopped. The backup is copied into the data directory and checked whole, with its master key, before anything
is changed; a kill at any moment leaves the old database or the new one. Put the master key of that time first where the server
looks for it: <data-dir>/master-key, --master-key-file, or INLET_MASTER_KEY.

What was not in the backup is gone: events of after it are sent again by their senders or not at all, deliveries that were open
when it was made are sent again with the same keys, and users who were forgotten since are back. Management tokens are those of
the backup, but for the first one, which <data-dir>/management-token or INLET_MANAGEMENT_TOKEN holds.")]
pub struct Arguments {
    /// The backup, or - for the standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The data directory to restore into; created if it is missing [default: inlet-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The file of the master key, unless INLET_MASTER_KEY holds it [default: <data-dir>/master-key]
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Move a database that is there into a directory beside the new one
    #[arg(long)]
    replace: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// Read this configuration file instead of ./inlet.toml
    #[arg(long, value_name = "FILE", env = "INLET_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(serde::Serialize)]
struct Restored {
    data_dir: PathBuf,
    bytes: u64,
    schema_version: i64,
    newest_event_at: Option<String>,
    set_aside: Option<PathBuf>,
}

/// Restores a backup.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let flags = Flags {
        data_dir: arguments.data_dir.clone(),
        master_key_file: arguments.master_key_file.clone(),
        ..Flags::default()
    };
    let config = Config::load(arguments.config.as_ref(), &flags)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    let (restored, origin) = runtime.block_on(restore(&config, arguments))?;
    match arguments.json {
        true => println!("{}", serde_json::to_string(&restored).context("cannot write the result")?),
        false => eprintln!("{}", sentences(&restored, &origin)),
    }
    Ok(())
}

/// Checks a backup that was downloaded.
pub fn check(path: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().context("cannot start the runtime")?;
    runtime.block_on(inlet_store::inspect_backup(path))?;
    Ok(())
}

async fn restore(config: &Config, arguments: &Arguments) -> anyhow::Result<(Restored, KeyOrigin)> {
    // The file is opened first, so that a mistyped name creates no directory.
    let (backup, size, shown): (Box<dyn Read>, Option<u64>, &Path) = match arguments.file.as_os_str() == "-" {
        true => (Box::new(stdin().lock()), None, Path::new("the standard input")),
        false => {
            let file = arguments.file.as_path();
            let opened = File::open(file).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => NotFound(format!("there is no backup {}", file.display())).into(),
                _ => anyhow::Error::new(error).context(format!("cannot read {}", file.display())),
            })?;
            let size = opened.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
            (Box::new(opened), size, file)
        }
    };
    let present = match arguments.replace {
        true => PresentDatabase::SetAside,
        false => PresentDatabase::Refuse,
    };
    let mut restore = Restore::start(&config.data_dir, present).map_err(|error| match error {
        RestoreError::Present { .. } => anyhow::Error::new(Usage(error.to_string())),
        error => error.into(),
    })?;
    let bar = byte_bar(size, "copied");
    let copied = restore.copy(bar.wrap_read(backup));
    bar.finish_and_clear();
    let bytes = copied?;
    let waiting = spinner("the whole backup is checked");
    let inspected = restore.inspect(shown).await;
    waiting.finish_and_clear();
    let contents = inspected?;
    let key = secrets::find(&config.data_dir, config.master_key_file.as_deref(), Some(&contents.key_check))?;
    let set_aside = restore.adopt()?;
    let restored = Restored {
        data_dir: config.data_dir.clone(),
        bytes,
        schema_version: contents.schema_version,
        newest_event_at: contents.newest_event_ms.map(time::write_ms),
        set_aside,
    };
    Ok((restored, key.origin))
}

fn sentences(restored: &Restored, origin: &KeyOrigin) -> String {
    let Restored { data_dir, bytes, newest_event_at, set_aside, .. } = restored;
    let data_dir = data_dir.display();
    let newest = match newest_event_at {
        Some(at) => format!("its newest event is of {at}"),
        None => "it holds no event".to_owned(),
    };
    let key = match origin {
        KeyOrigin::File(file) => file.path().display().to_string(),
        KeyOrigin::Variable => secrets::VARIABLE.to_owned(),
    };
    let mut text = format!("The backup of {bytes} bytes is restored in {data_dir}; {newest}.\n");
    text += &format!("Its secrets are sealed with the master key in {key}, with which the server must be started.");
    if let Some(set_aside) = set_aside {
        text += &format!(
            "\nThe database that was there is in {}; delete it when you need it no more.",
            set_aside.display()
        );
    }
    text
}
