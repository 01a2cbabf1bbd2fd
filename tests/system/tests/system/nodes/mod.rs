//! Several servers on one PostgreSQL database.

mod clocks;
mod configuration;
mod failures;
mod full_disk;
mod load;
mod moving;
mod opening;
mod same_key;
mod shared_memory;
mod upgrade;

use std::time::{Duration, Instant};

use inlet_system_tests::{Postgres, Server, ServerOptions};

/// The longest time that a test waits for something.
const PATIENCE: Duration = Duration::from_secs(90);

/// The master key of all servers.
const MASTER_KEY: &str = "6b657920666f7220746573747320206b657920666f7220746573747320206b65";

/// Returns how a server of this name joins those of a database.
fn joining(url: &str, name: &str) -> ServerOptions {
    ServerOptions::default()
        .env("INLET_DATABASE_URL", url)
        .env("INLET_MASTER_KEY", MASTER_KEY)
        // Receivers run on this machine.
        .env("INLET_DELIVERY_ALLOWED_ADDRESSES", "[\"127.0.0.0/8\"]")
        .arg("--node-name")
        .arg(name)
}

/// Starts so many servers on an empty database.
async fn cluster(names: &[&str]) -> (Postgres, Vec<Server>) {
    let postgres = Postgres::start();
    let mut nodes = Vec::new();
    for name in names {
        nodes.push(Server::start_with(joining(&postgres.url(), name)).await);
    }
    (postgres, nodes)
}

/// Asks again and again until the answer is yes; returns the time that it took.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}
