//! A plugin that loops gives way: on one thread, others are served meanwhile.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

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

/// A sender that hangs up drops the call, and its sandbox with it, at the call's next tick; what the call holds goes then.
#[tokio::test]
async fn an_abandoned_call_gives_its_sandbox_back() {
    let sandbox = Sandbox::new(EngineConfig { max_instances: 1, ..EngineConfig::default() }).unwrap();
    let plugin = sandbox.load(&bundled("inlet__hostile")).unwrap();
    let held = Arc::new(());
    let looping = tokio::spawn({
        let plugin = plugin.clone();
        let held = held.clone();
        async move { plugin.translate_holding(held, &request("/loop", "{}"), &patient()).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(plugin.translate(&request("/ok", "{}"), &patient()).await.result.unwrap_err(), Fault::Busy);
    looping.abort();
    assert!(looping.await.unwrap_err().is_cancelled());
    let hung_up = Instant::now();
    while Arc::strong_count(&held) > 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(hung_up.elapsed() < patient().time / 2, "it went on for {:?}", hung_up.elapsed());
    assert!(plugin.translate(&request("/ok", "{}"), &patient()).await.result.is_ok());
}

/// Who loops does not hold the threads of who does not: with all workers free, quick calls stay quick.
#[tokio::test(flavor = "current_thread")]
async fn quick_calls_stay_quick_beside_many_that_loop() {
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let looping: Vec<_> = (0..16)
        .map(|_| {
            let limits = limits.clone();
            tokio::spawn(async move { HOSTILE.translate(&request("/loop", "{}"), &limits).await.result })
        })
        .collect();
    // By then each had its first turn here.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut times = Vec::new();
    while times.len() < 50 {
        let start = Instant::now();
        assert!(HOSTILE.translate(&request("/ok", "{}"), &limits).await.result.is_ok());
        times.push(start.elapsed());
        tokio::task::yield_now().await;
    }
    times.sort_unstable();
    // Taking turns with sixteen of them would be more than a tenth of a second.
    assert!(times[25] < Duration::from_millis(20), "{times:?}");
    assert!(looping.iter().any(|call| !call.is_finished()), "they looped meanwhile");
    looping.iter().for_each(tokio::task::JoinHandle::abort);
}
