//! Servers and the database are killed, cut off and restarted while events come: what was answered is stored once.

use inlet_system_tests::{Line, Postgres, Server, TcpProxy, http_version};

use super::{cluster, joining, load::Load, until};

/// Returns the number of times that something is killed; `INLET_CRASH_ROUNDS` sets another one.
fn rounds() -> usize {
    std::env::var("INLET_CRASH_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_are_killed() {
    let (postgres, mut nodes) = cluster(&["a", "b", "c"]).await;
    let load = Load::begin(&nodes).await;
    for round in 0..rounds() {
        load.answers(150 + 37 * (round % 7)).await;
        let killed = round % nodes.len();
        nodes[killed].kill();
        load.answers(100).await;
        nodes[killed] = Server::start_with(joining(&postgres.url(), &format!("again-{round}"))).await;
        load.sends_to(&nodes);
    }
    load.answers(100).await;
    load.reconcile(&nodes[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_killed() {
    let (mut postgres, nodes) = cluster(&["a", "b"]).await;
    let load = Load::begin(&nodes).await;
    for round in 0..rounds() {
        load.answers(150 + 37 * (round % 7)).await;
        postgres.kill();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        postgres.start_again();
    }
    load.answers(100).await;
    load.reconcile(&nodes[0]).await;
}

/// Returns two servers, of which the second reaches the database through a proxy.
async fn behind_a_proxy() -> (Postgres, TcpProxy, Vec<Server>) {
    let postgres = Postgres::start();
    let proxy = TcpProxy::to(postgres.port).await;
    let a = Server::start_with(joining(&postgres.url(), "a")).await;
    let b = Server::start_with(joining(&postgres.url_at(proxy.port), "b")).await;
    (postgres, proxy, vec![a, b])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_cut_off_from_the_database() {
    let (_postgres, proxy, nodes) = behind_a_proxy().await;
    let load = Load::begin(&nodes).await;
    for _ in 0..rounds() {
        load.answers(150).await;
        proxy.set(Line::Cut);
        load.answers(100).await;
        proxy.set(Line::Open);
    }
    load.answers(150).await;
    load.reconcile(&nodes[1]).await;
}

/// Neither side is told that the other is gone. The server that is cut off may hold locks, which must not stop the other one for
/// ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_of_a_server_goes_silent() {
    let (_postgres, proxy, nodes) = behind_a_proxy().await;
    let load = Load::begin(&nodes).await;
    load.answers(150).await;
    proxy.set(Line::Silent);
    load.sends_to(&nodes[..1]);
    load.answers(150).await;
    tokio::time::sleep(std::time::Duration::from_secs(25)).await;
    proxy.set(Line::Open);
    load.sends_to(&nodes);
    load.answers(150).await;
    load.reconcile(&nodes[1]).await;
}

/// The server goes on where it was, although the other one has taken over what it held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_is_suspended_for_longer_than_its_leases() {
    let (_postgres, nodes) = cluster(&["a", "b"]).await;
    let load = Load::begin(&nodes).await;
    load.answers(150).await;
    nodes[1].suspend();
    load.sends_to(&nodes[..1]);
    // The leases of jobs last 30 s.
    tokio::time::sleep(std::time::Duration::from_secs(35)).await;
    load.answers(150).await;
    nodes[1].resume();
    load.sends_to(&nodes);
    load.answers(150).await;
    // Each of them works again under leases.
    for node in &nodes {
        until("no job fails", async || {
            let system = node.get("/v1/system").await;
            system["jobs"]
                .as_array()
                .unwrap()
                .iter()
                .all(|job| job["outcome"] != "failed" && job["outcome"] != "panicked")
        })
        .await;
    }
    load.reconcile(&nodes[1]).await;
}

/// One server after another stops and starts, and then another version of a plugin comes into use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_are_restarted_one_by_one_and_a_plugin_is_replaced() {
    let (postgres, mut nodes) = cluster(&["a", "b"]).await;
    let load = Load::begin(&nodes).await;
    for stopped in 0..nodes.len() {
        load.answers(150).await;
        // As a load balancer does: nothing new is sent to a server that is to stop.
        let mut leaving = nodes.remove(stopped);
        load.sends_to(&nodes);
        leaving.terminate();
        assert!(leaving.wait_for_exit().await);
        nodes.insert(stopped, Server::start_with(joining(&postgres.url(), "again")).await);
        load.sends_to(&nodes);
    }
    for number in 1..4 {
        load.answers(100).await;
        let wasm = http_version("inlet/other", &format!("1.0.{number}"));
        assert_eq!(nodes[number % 2].add_version("inlet/other", "", &wasm).await.0, 201);
    }
    load.answers(100).await;
    load.reconcile(&nodes[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_is_listed_as_gone() {
    let (_postgres, mut nodes) = cluster(&["a", "b"]).await;
    let states = async |server: &Server| {
        let list = server.get("/v1/nodes").await;
        list["entries"].as_array().unwrap().iter().map(|node| node["state"].clone()).collect::<Vec<_>>()
    };
    until("both are alive", async || states(&nodes[0]).await == ["alive", "alive"]).await;
    nodes[1].kill();
    let took = until("one is gone", async || states(&nodes[0]).await == ["alive", "gone"]).await;
    println!("a killed server is listed as gone after {took:?}");
}
