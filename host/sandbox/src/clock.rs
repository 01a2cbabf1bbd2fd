//! How long a call has run, and when it is another's turn.
//!
//! Processor time and not time passed: under load a plugin that waits for its turn, or for a core, has done nothing wrong,
//! and a quick one that lost its core in the middle is no slow one. Between two turns a call stays on its thread, so that
//! the thread's own clock tells.
//!
//! The clock is looked at when the ticker ticks, which wasmtime notices in every function and loop of a guest, and in what a
//! guest calls of the host: wasmtime notices nothing around that, and a guest can be one long line of such calls.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::{
    AsContextMut as _, Store, StoreContextMut, UpdateDeadline,
    component::{ComponentNamedList, Lift, LinkerInstance, Lower},
};

use crate::state::State;

/// Processor time after which a call gives way. Looked at when the ticker ticks, so that it is more by one tick at most.
const TURN: Duration = Duration::from_millis(4);

/// Work of the host between two looks at the clock, in bytes: some ten microseconds, against less than one for the look.
const UNSEEN: usize = 64 << 10;

/// What calling a function of the host costs at least, in the bytes that it could have read meanwhile.
const CALL: usize = 256;

/// The guest ran longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("out of time")]
pub(crate) struct OutOfTime;

/// The running time of one call.
pub(crate) struct Clock {
    limit: Duration,
    ran: Duration,
    turn: Duration,
    /// What the thread's clock showed last. Nothing before the first look, from which time counts: looking costs too much for
    /// quick calls, which are done by then.
    seen: Option<Duration>,
    /// Set by the next turn when it begins.
    resumption: Option<Arc<OnceLock<Duration>>>,
    /// What the host did since the last look, in bytes.
    unseen: usize,
}

impl Clock {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, ran: Duration::ZERO, turn: Duration::ZERO, seen: None, resumption: None, unseen: 0 }
    }

    /// Counts what the host reads or writes for the guest.
    pub(crate) fn work(&mut self, bytes: usize) {
        self.unseen = self.unseen.saturating_add(bytes);
    }

    /// Whether the call gives way now: what it waits for then.
    fn look(&mut self) -> Result<Option<Turn>, OutOfTime> {
        self.unseen = 0;
        if let Some(at) = self.resumption.take().and_then(|resumption| resumption.get().copied()) {
            self.seen = Some(at);
        }
        let now = thread_time();
        let since = now.saturating_sub(self.seen.unwrap_or(now));
        self.seen = Some(now);
        self.ran += since;
        self.turn += since;
        if self.ran >= self.limit {
            return Err(OutOfTime);
        }
        if self.turn < TURN {
            return Ok(None);
        }
        self.turn = Duration::ZERO;
        let next = Arc::new(OnceLock::new());
        self.resumption = Some(Arc::clone(&next));
        Ok(Some(Turn { next }))
    }

    /// The same after a call of the host, and only if there was enough work since the last look.
    fn look_after_call(&mut self) -> Result<Option<Turn>, OutOfTime> {
        self.work(CALL);
        if self.unseen < UNSEEN { Ok(None) } else { self.look() }
    }
}

/// The next turn of a call.
struct Turn {
    next: Arc<OnceLock<Duration>>,
}

impl Turn {
    /// Waits for it.
    async fn come(self) {
        tokio::task::yield_now().await;
        let _ = self.next.set(thread_time());
    }
}

/// Lets the guest give way after every turn, and stops it once it has run for its limit.
pub(crate) fn start(store: &mut Store<State>) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        Ok(match store.data_mut().clock.look()? {
            None => UpdateDeadline::Continue(1),
            Some(turn) => UpdateDeadline::YieldCustom(1, Box::pin(turn.come())),
        })
    });
}

/// Links a function of the host, which the guest's time and turns hold for as well. What it costs besides being called,
/// `answer` counts by [`Clock::work`].
pub(crate) fn link<Params, Return>(
    linked: &mut LinkerInstance<'_, State>,
    name: &str,
    answer: impl Fn(StoreContextMut<'_, State>, Params) -> wasmtime::Result<Return> + Send + Sync + 'static,
) -> wasmtime::Result<()>
where
    Params: ComponentNamedList + Lift + 'static,
    Return: ComponentNamedList + Lower + Send + 'static,
{
    linked.func_wrap_async(name, move |mut store: StoreContextMut<'_, State>, params: Params| {
        let answered = answer(store.as_context_mut(), params);
        let turn = store.data_mut().clock.look_after_call();
        Box::new(async move {
            let answered = answered?;
            if let Some(turn) = turn? {
                turn.come().await;
            }
            Ok(answered)
        })
    })
}

/// Processor time that this thread has used.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_work_is_not_looked_at() {
        let mut clock = Clock::new(Duration::ZERO);
        for _ in 1..UNSEEN / CALL {
            assert!(clock.look_after_call().is_ok());
        }
        assert!(clock.look_after_call().is_err());
        // Every look begins anew.
        assert!(clock.look_after_call().is_ok());
        clock.work(UNSEEN);
        assert!(clock.look_after_call().is_err());
    }
}
