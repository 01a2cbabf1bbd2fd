//! `inlet secrets`: manages the master key.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use inlet_engine::secrets::{self, FoundKey, KeyOrigin, key::MasterKey, key_file};
use inlet_store::{MasterKeyCheck, StoreOptions};

use crate::config::{Config, Flags};

/// The variable that may hold the new key.
const NEW_VARIABLE: &str = "INLET_NEW_MASTER_KEY";

/// A subcommand of `inlet secrets`.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Seal all secrets with a new master key
    ///
    /// Signing secrets and endpoint tokens are sealed with a master key, from INLET_MASTER_KEY or from a file
    /// (master_key_file; <data-dir>/master-key unless another is named). This opens all of them with that key and seals
    /// them with a new one, in one transaction. The server must be stopped.
    ///
    /// Where the key is in a file, the new one is generated and put into that file, or taken from --new-key-file or
    /// INLET_NEW_MASTER_KEY and put there. Where it is in INLET_MASTER_KEY, the new one has to be given in one of those
    /// two ways; set INLET_MASTER_KEY to it afterwards.
    ///
    /// It can be interrupted at any time: until the change is made the old key is good, from then on the new one, and
    /// whichever it is, the server finds it at its next start. Backups that were made before need the old key.
    RotateKey(RotateKey),
}

/// The arguments of `inlet secrets rotate-key`.
#[derive(Debug, clap::Args)]
pub struct RotateKey {
    /// Where everything is kept [default: inlet-data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The PostgreSQL database, if it is one
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the master key is, unless INLET_MASTER_KEY holds it [default: <data-dir>/master-key]
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
    /// Take the new key from this file: 64 hexadecimal digits or base64, readable by its owner only
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
    /// Read this configuration file instead of ./inlet.toml
    #[arg(long, value_name = "FILE", env = "INLET_CONFIG")]
    config: Option<PathBuf>,
}

/// Runs a subcommand.
pub fn run(command: &Command) -> anyhow::Result<()> {
    let Command::RotateKey(arguments) = command;
    let flags = Flags {
        data_dir: arguments.data_dir.clone(),
        database_url: arguments.database_url.clone(),
        master_key_file: arguments.master_key_file.clone(),
        ..Flags::default()
    };
    let config = Config::load(arguments.config.as_ref(), &flags)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(rotate_key(&config, arguments))
}

async fn rotate_key(config: &Config, arguments: &RotateKey) -> anyhow::Result<()> {
    // Claiming would create the directory, which must not happen for a mistyped one.
    if !config.data_dir.is_dir() {
        bail!("there is no data directory {}; name the server's with --data-dir", config.data_dir.display());
    }
    let database_url = config.database_url.clone();
    let options = StoreOptions { database_url, ..StoreOptions::new(&config.data_dir) };
    let check = MasterKeyCheck::start(options).await?;
    let Some(key_check) = check.sealed_value() else {
        bail!("nothing is sealed in {} yet; the first start of `inlet serve` does it", config.data_dir.display());
    };
    let FoundKey { key: old, origin } =
        secrets::find(&config.data_dir, config.master_key_file.as_deref(), Some(key_check))?;
    let new = new_key(arguments, &origin)?;
    if new == old {
        bail!("the new master key is the one in use; give another");
    }
    if let KeyOrigin::File(file) = &origin {
        file.stage(&new)?;
    }
    let count = check.reseal(&old, &new).await.context("the secrets are still sealed with the old master key")?;
    println!("{count} secrets are sealed with the new master key {new:?}.");
    match &origin {
        KeyOrigin::File(file) => {
            file.adopt_staged().context("the new master key is beside its file; the next start puts it in place")?;
            println!("It is in {}.", file.path().display());
        }
        KeyOrigin::Variable => println!("Set {} to it before the server starts.", secrets::VARIABLE),
    }
    println!("The old one opens nothing here any more; backups made until now need it.");
    Ok(())
}

/// Returns the new key that was given, or generates one where it can be written to the key's file.
fn new_key(arguments: &RotateKey, origin: &KeyOrigin) -> anyhow::Result<MasterKey> {
    match (&arguments.new_key_file, secrets::from_variable(NEW_VARIABLE)?, origin) {
        (Some(_), Some(_), _) => bail!("there are two new master keys, --new-key-file and {NEW_VARIABLE}; give one"),
        (Some(path), None, _) => key_file::read(path)?
            .with_context(|| format!("there is no file {}; correct --new-key-file", path.display())),
        (None, Some(key), _) => Ok(key),
        (None, None, KeyOrigin::File(_)) => Ok(MasterKey::generate()?),
        (None, None, KeyOrigin::Variable) => bail!(
            "the master key is in {}, where a new one cannot be put; give the new one as {NEW_VARIABLE} or with \
             --new-key-file (`openssl rand -hex 32` makes one)",
            secrets::VARIABLE
        ),
    }
}
