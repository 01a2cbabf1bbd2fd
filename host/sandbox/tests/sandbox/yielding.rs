//! A plugin that loops gives way: on one thread, others are served meanwhile.

use std::time::{Duration, Instant};

use inlet_sandbox::{EngineConfig, Fault, Limits, Sandbox};

use crate::{HOSTILE, bundled, patient, request};

#[tokio::test(flavor = "current_thread")]
async fn others_are_served_while_one_loops() {
    let limits = Limits { time: Duration::from_millis(500), ..Limits::default() };
    let looping = {
        let limits = limits.clone();
        tokio::spawn(async move { HOSTILE.translate(&request("/loop", "{}"), &limits).await })
    };
    let mut served = 0;
    let mut slowest = Duration::ZERO;
    while !looping.is_finished() {
        let start = Instant::now();
        assert!(HOSTILE.translate(&request("/ok", "{}"), &limits).await.result.is_ok());
        slowest = slowest.max(start.elapsed());
        served += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(looping.await.unwrap().result.unwrap_err().code(), "time");
    // About one for every tick of the loop; a plugin that held the thread would leave one.
    assert!(served >= 10, "{served} served");
    assert!(slowest < limits.time, "the slowest took {slowest:?}");
}

/// Waiting for one's turn is not running: all of them together take longer than each may run.
#[tokio::test(flavor = "current_thread")]
async fn time_is_running_time() {
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let start = Instant::now();
    let looping: Vec<_> = (0..4)
        .map(|_| {
            let limits = limits.clone();
            tokio::spawn(async move { HOSTILE.translate(&request("/loop", "{}"), &limits).await.result })
        })
        .collect();
    for call in looping {
        assert_eq!(call.await.unwrap().unwrap_err().code(), "time");
    }
    assert!(start.elapsed() >= 3 * limits.time, "{:?}", start.elapsed());
}

/// A sender that hangs up drops the call, and its sandbox with it.
#[tokio::test]
async fn an_abandoned_call_gives_its_sandbox_back() {
    let sandbox = Sandbox::new(EngineConfig { max_instances: 1, ..EngineConfig::default() }).unwrap();
    let plugin = sandbox.load(&bundled("inlet__hostile")).unwrap();
    let looping = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.translate(&request("/loop", "{}"), &patient()).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(plugin.translate(&request("/ok", "{}"), &patient()).await.result.unwrap_err(), Fault::Busy);
    looping.abort();
    assert!(looping.await.unwrap_err().is_cancelled());
    assert!(plugin.translate(&request("/ok", "{}"), &patient()).await.result.is_ok());
}
