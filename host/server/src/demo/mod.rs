//! `--demo`: creates two sources with example mappings in `development` and a target with a small receiver, and prints
//! commands to try them.
//!
//! Sources that exist are left unchanged, so a second start changes nothing but the receiver's port where it is taken.

mod instructions;
mod receiver;
mod sources;
mod target;

use std::net::SocketAddr;

use anyhow::Context as _;
use inlet_api::sign_in_links;
use inlet_cli::secret_file;
use inlet_engine::{Engine, snapshot::new_api_key};
use inlet_store::Author;

use self::{instructions::Instructions, receiver::Receiver};
use crate::config::Config;

const ENVIRONMENT: &str = "development";
/// The file of the demo's API key, of which the store keeps only a hash.
const KEY_FILE: &str = "demo-key";

/// The demo, before it begins.
pub struct Demo {
    receiver: Receiver,
}

impl Demo {
    /// Binds the receiver's address: the one of the last time, if it is free.
    pub async fn prepare(engine: &Engine) -> anyhow::Result<Self> {
        let receiver = Receiver::bind(target::last_port(engine).await?).await?;
        Ok(Self { receiver })
    }

    /// Returns the receiver's address.
    pub fn receiver_address(&self) -> SocketAddr {
        self.receiver.address()
    }

    /// Creates what is missing, prints the commands, and begins to receive.
    pub async fn start(self, engine: &Engine, config: &Config) -> anyhow::Result<()> {
        let key = api_key(engine, config).await?;
        for example in &sources::EXAMPLES {
            let author = Author::named(Author::DEMO);
            engine.configure(author, move |change| async move { sources::create(&change, example).await }).await?;
        }
        let target = target::create(engine, self.receiver.address()).await?;
        let sign_in =
            sign_in_links::create_for_bootstrap(engine).await.context("cannot make a link to the dashboard")?;
        let (key, receiver) = (&*key, &self.receiver);
        let text = Instructions { engine, config, key, sign_in: &sign_in, target: &target, receiver }.text();
        println!("{text}");
        if let target::DemoTarget::Own { secret, .. } = target {
            self.receiver.start(secret);
        }
        Ok(())
    }
}

async fn api_key(engine: &Engine, config: &Config) -> anyhow::Result<String> {
    let path = config.data_dir.join(KEY_FILE);
    if let Some(key) = secret_file::read(&path)? {
        return Ok(key);
    }
    let key = engine
        .configure(Author::named(Author::DEMO), |change| async move {
            let snapshot = change.snapshot();
            let environment = snapshot.environment(ENVIRONMENT).context("there is no environment `development`")?;
            let key = new_api_key()?;
            change.create_api_key(environment, &key).await?;
            anyhow::Ok(key)
        })
        .await?;
    secret_file::write(&path, &key)?;
    Ok(key)
}
