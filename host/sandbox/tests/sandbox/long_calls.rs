//! Calls that take longer than one time slice: they give way to others, and run to their end elsewhere.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use inlet_core::{blame::Blame, contract::Spent};
use inlet_sandbox::{CallGuard, EngineConfig, Fault, Limits, Sandbox};
use tokio::sync::mpsc;

use crate::{
    HOSTILE, bytes,
    raw_plugin::{RawPlugin, counting},
    relaxed_limits, request, test_plugin,
};

/// A source, and the channel for the results of its calls.
struct Reporter(i64, mpsc::UnboundedSender<Option<Fault>>);

impl CallGuard for Reporter {
    fn source(&self) -> i64 {
        self.0
    }

    fn ended(&self, fault: Option<&Fault>, _: &Spent) {
        self.1.send(fault.cloned()).unwrap();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn other_calls_are_served_while_one_loops() {
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
    // About one for every tick of the loop. A plugin that held the thread would leave one.
    assert!(served >= 10, "{served} served");
    assert!(slowest < limits.time, "the slowest took {slowest:?}");
}

/// Waiting for a turn does not count as running: together the calls take longer than each may run.
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

/// A call runs to its end after its caller has gone: the guard learns the result and the sandbox is freed.
#[tokio::test]
async fn an_abandoned_call_is_reported_and_frees_its_sandbox() {
    let sandbox = Sandbox::new(EngineConfig { max_instances: 1, ..EngineConfig::default() }).unwrap();
    let plugin = sandbox.load(&test_plugin("inlet__hostile")).unwrap();
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let (ended, mut ends) = mpsc::unbounded_channel();
    let looping = tokio::spawn({
        let plugin = plugin.clone();
        async move { plugin.translate_with_guard(Reporter(1, ended), &Arc::new(request("/loop", "{}")), &limits).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(plugin.translate(&request("/ok", "{}"), &relaxed_limits()).await.result.unwrap_err(), Fault::Busy);
    looping.abort();
    assert!(looping.await.unwrap_err().is_cancelled());
    assert_eq!(ends.recv().await.unwrap().unwrap().code(), "time");
    assert!(ends.recv().await.is_none(), "the guard is dropped");
    assert!(plugin.translate(&request("/ok", "{}"), &relaxed_limits()).await.result.is_ok());
}

/// A call that waits behind loops of another source is not blamed; the loops are.
#[tokio::test]
async fn a_call_that_waits_behind_others_is_not_blamed() {
    // A separate sandbox: the other tests of this binary share one, and its turns.
    let sandbox = Sandbox::new(EngineConfig::default()).unwrap();
    let looping = sandbox.load(&test_plugin("inlet__hostile")).unwrap();
    // Runs for about a second.
    let honest = sandbox.load(&RawPlugin { translate: counting(1 << 30), ..RawPlugin::default() }.wasm()).unwrap();
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let (ended, mut ends) = mpsc::unbounded_channel();
    for _ in 0..24 {
        let (plugin, guard, limits) = (looping.clone(), Reporter(1, ended.clone()), limits.clone());
        tokio::spawn(
            async move { plugin.translate_with_guard(guard, &Arc::new(request("/loop", "{}")), &limits).await },
        );
    }
    // By now each has used its first slice on this thread. The shorter limit ends while they loop.
    tokio::time::sleep(Duration::from_millis(1)).await;
    let limits = Limits { time: Duration::from_millis(150), ..limits };
    let fault = honest.translate_with_guard(Reporter(2, ended), &Arc::new(bytes()), &limits).await.result.unwrap_err();
    assert_eq!(fault.blame(0), Blame::Load, "{fault}");
    assert_eq!((fault.code(), fault.cause()), ("time", "waited"));
    insta::assert_snapshot!(fault, @"the plugin was not done after 1.2s and was stopped, before it had run for 150ms, its limit: it waited for its turn behind others; this says nothing against the plugin: look for one that loops in another source, or give the server more processors");
    let (mut of_plugin, mut others, mut sentence) = (0, 0, String::new());
    while let Some(fault) = ends.recv().await {
        match fault.unwrap() {
            fault if fault.blame(0) == Blame::Plugin => (of_plugin, sentence) = (of_plugin + 1, fault.to_string()),
            _ => others += 1,
        }
    }
    assert_eq!((of_plugin, others), (24, 1));
    insta::assert_snapshot!(sentence, @"the plugin was not done after 1.6s and was stopped, before it had run for 200ms, its limit: it waited for its turn behind slow requests of its own source; look for a loop in the plugin, make it faster, or send less at once");
}

/// Looping calls do not occupy the caller's thread: quick calls stay quick.
#[tokio::test(flavor = "current_thread")]
async fn quick_calls_stay_quick_beside_many_that_loop() {
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let looping: Vec<_> = (0..16)
        .map(|_| {
            let limits = limits.clone();
            tokio::spawn(async move { HOSTILE.translate(&request("/loop", "{}"), &limits).await.result })
        })
        .collect();
    // By now each has used its first slice on this thread.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut times = Vec::new();
    while times.len() < 50 {
        let start = Instant::now();
        assert!(HOSTILE.translate(&request("/ok", "{}"), &limits).await.result.is_ok());
        times.push(start.elapsed());
        tokio::task::yield_now().await;
    }
    times.sort_unstable();
    // Turns shared with sixteen loops would take more than a tenth of a second.
    assert!(times[25] < Duration::from_millis(20), "{times:?}");
    assert!(looping.iter().any(|call| !call.is_finished()), "they looped meanwhile");
    looping.iter().for_each(tokio::task::JoinHandle::abort);
}
