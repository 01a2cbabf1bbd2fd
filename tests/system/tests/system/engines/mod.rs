//! Real workflow engines: a webhook of Segment goes in, and a workflow runs.
//!
//! A test starts its engine and a worker of it. The tests take turns, so that a machine with few cores runs one engine at a
//! time.

mod nats;
mod node_red;
mod proxy;
mod recipes;
mod restate;
mod shop;
mod temporal;
mod worker;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

use self::{
    proxy::Proxy,
    shop::Shop,
    worker::{Ran, Worker},
};
use crate::{clients, toolchains};

/// The longest time that a test waits for something, an engine's start included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns `tests/system/clients/engines`.
fn directory() -> PathBuf {
    clients::clients().join("engines")
}

/// Returns the path of Restate's server.
fn restate_server() -> PathBuf {
    let os = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    directory().join(format!("node_modules/@restatedev/restate-server-{os}-{architecture}/bin/restate-server"))
}

/// Waits for this test's turn. Returns nothing, and says so, if the engines are not installed.
async fn turn() -> Option<MutexGuard<'static, ()>> {
    static TURN: Mutex<()> = Mutex::const_new(());
    let programs = [".venv/bin/temporal", ".venv/bin/nats-server", "node_modules/node-red/red.js"];
    let are_there = toolchains::is_there("node")
        && restate_server().is_file()
        && programs.iter().all(|program| directory().join(program).is_file());
    if !are_there {
        toolchains::skipped("workflow engines", "the packages of tests/system/clients/engines are not all there");
        return None;
    }
    Some(TURN.lock().await)
}

/// Tries until something is there.
async fn wait_for<T>(what: &str, mut find: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = find().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Returns the data in the body of a webhook.
fn data_of_webhook(body: &str) -> &str {
    let data = body.strip_prefix(r#"{"type":"workflow_run.created","timestamp":""#);
    let data = data.and_then(|rest| rest.split_once(r#"","data":"#)).and_then(|(_, data)| data.strip_suffix('}'));
    data.unwrap_or_else(|| panic!("{body}"))
}

/// Returns the ids of the recipients that workflows were given, in order. A pointer says where they are in an input.
fn recipients_of(ran: &[Ran], pointer: &str) -> Vec<String> {
    let inputs = ran.iter().map(|ran| serde_json::from_str::<Value>(&ran.input).unwrap());
    let recipients = inputs.flat_map(|input| input.pointer(pointer).unwrap().as_array().unwrap().clone());
    let mut ids: Vec<String> = recipients.map(|recipient| recipient["id"].as_str().unwrap().to_owned()).collect();
    ids.sort_unstable();
    ids
}

/// Sends one webhook twice and another one. Both workflows run, once each, with every digit.
///
/// `data` finds the run's data in the input of a workflow. `id` returns the engine's name of a delivered run.
async fn expect_once(shop: &Shop, worker: &Worker, data: impl Fn(&str) -> &str, id: impl Fn(&Value) -> String) {
    for (index, order) in ["o-1", "o-2"].into_iter().enumerate() {
        let event = shop.order(order, "executed").await;
        shop.order(order, "replayed").await;
        let delivery = shop.delivered(index + 1).await.remove(0);
        let ran = worker.ran(index + 1).await;
        assert_eq!(ran.len(), index + 1, "{ran:?}");
        assert_eq!(ran[index].id, id(&delivery), "{delivery}");
        assert_eq!(data(&ran[index].input), shop::data(order, &event, &delivery));
    }
}

/// Sends an order, and kills Inlet when the engine has taken the run and its answer is not there yet. The restarted Inlet
/// sends the run again, and the engine does not run it again. Returns the delivery.
///
/// `until` waits for what must be so before the kill.
async fn expect_once_over_a_kill(
    shop: &mut Shop,
    (worker, proxy): (&Worker, &Proxy),
    order: &str,
    until: impl AsyncFnOnce(&str),
) -> Value {
    let (ran, delivered, requests) = (worker.ran(0).await.len(), shop.list().await.len(), proxy.requests());
    proxy.withhold_answers(true);
    shop.order(order, "executed").await;
    let id = worker.ran(ran + 1).await.remove(ran).id;
    until(&id).await;
    proxy.wait_for_withheld().await;
    shop.kill();
    proxy.withhold_answers(false);
    shop.restart().await;
    let delivery = shop.delivered(delivered + 1).await.remove(0);
    assert_eq!(proxy.requests(), requests + 2, "{delivery}");
    // The workflow of another order shows that this one does not run again before it.
    shop.order("later", "executed").await;
    let ids: Vec<String> = worker.ran(ran + 2).await.into_iter().skip(ran).map(|ran| ran.id).collect();
    assert!(ids.len() == 2 && ids[0] == id && ids[1] != id, "{ids:?}");
    delivery
}
