//! A plugin that loops gives way: on one thread, others are served meanwhile.

use std::time::{Duration, Instant};

use inlet_sandbox::Limits;

use crate::{HOSTILE, request};

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
