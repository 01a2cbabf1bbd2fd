//! Where a call goes on that is not done in its first turn, some milliseconds of processor time.
//!
//! Nearly every call is: it costs some ten microseconds, and runs where it was made. One that is not would hold a worker of
//! the server's runtime for one tick after another, and a few of them, looping, would hold all workers nearly all the time.
//! So it is handed over to one thread of a lower priority, where such calls take turns. A lower priority alone is not
//! enough: a thread that wakes still waits for the slice of the one that runs, some milliseconds, and an event wakes several
//! threads on its way. So the thread also rests between turns, unless it has a single call that has not run for long.
//!
//! A call that is handed over runs to its end, also when nobody waits for it any more: that it loops is to be known, and a
//! sender that hangs up would else hide it. What is held for it bounds how many there are.
//!
//! Calls take turns, whosesoever they are, so that a source with many of them leaves little to a source with one. Whose
//! fault it is that a call waited too long is told by shares: each turn is due in equal parts to the sources that have calls
//! here, and who had at least what was due to it has itself to blame: unless it had a single call, which waited for the machine.

use std::{
    collections::HashMap,
    future::{pending, poll_fn},
    io,
    panic::resume_unwind,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

use crate::{
    call::{Call, Held},
    fault::Fault,
};

/// How far the thread stands back, on the scale of nice(1): about a tenth of a core where all cores are wanted by others.
const NICENESS: i32 = 10;
/// Between two turns. With turns of 5 ms the thread takes a quarter of a core at most.
const REST: Duration = Duration::from_millis(15);
/// Turns that a call has without rests, if it is alone: large batches and heavier languages are done by then.
const UNRESTED: usize = 20;

/// The thread of slow calls; it ends with this.
pub(crate) struct SlowLane {
    thread: Handle,
    shares: Shares,
    // Dropping the sender ends the thread, and drops what still runs there.
    _stop: oneshot::Sender<()>,
}

impl SlowLane {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let thread = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        thread::Builder::new().name("inlet-slow".to_owned()).spawn(move || {
            // Of this thread alone. Where it is not allowed, slow calls still take turns and rest.
            let _ = rustix::process::setpriority_process(None, NICENESS);
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { thread, shares: Shares::default(), _stop: stop })
    }

    /// Runs the first turn of a call here, and the rest of it on the slow thread, to its end whether or not this is dropped.
    /// `held` is told of the end, and dropped after the call.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        held: impl Held,
        call: impl Future<Output = Call<T>> + Send + 'static,
    ) -> Call<T> {
        let mut call = Box::pin(call);
        // A guest never waits: what is not done has had its turn.
        let first = poll_fn(|context| match call.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => Poll::Ready(None),
        });
        if let Some(done) = first.await {
            held.ended(done.result.as_ref().err(), &done.spent);
            return done;
        }
        let turns = Turns::of(call, held.source(), &self.shares);
        let task = self.thread.spawn(async move {
            let done = turns.await;
            held.ended(done.result.as_ref().err(), &done.spent);
            done
        });
        match task.await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(done) => done,
            // A bug of ours, which is to be seen where the call was made.
            Err(Ok(panic)) => resume_unwind(panic),
            // The thread has ended, and with it the sandbox: nobody waits for this.
            Err(Err(_)) => pending().await,
        }
    }
}

/// A call on the slow thread, turn by turn.
struct Turns<F> {
    call: Pin<Box<F>>,
    had: usize,
    source: i64,
    since: Share,
    shares: Shares,
}

impl<F> Turns<F> {
    fn of(call: Pin<Box<F>>, source: i64, shares: &Shares) -> Self {
        Self { call, had: 0, source, since: shares.come(source), shares: shares.clone() }
    }
}

impl<T, F: Future<Output = Call<T>>> Future for Turns<F> {
    type Output = Call<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Call<T>> {
        let turn = self.call.as_mut().poll(context);
        self.had += 1;
        let is_alone = self.shares.turn(self.source);
        match turn {
            Poll::Ready(mut done) => {
                if let Err(Fault::Waited { behind_own, .. }) = &mut done.result {
                    *behind_own = self.shares.crowded_itself(self.source, self.since, self.had);
                }
                Poll::Ready(done)
            }
            Poll::Pending => {
                if self.had > UNRESTED || !is_alone {
                    // The thread and not the task: it is the others on the machine who are to have the core.
                    thread::sleep(REST);
                }
                Poll::Pending
            }
        }
    }
}

impl<F> Drop for Turns<F> {
    fn drop(&mut self) {
        self.shares.go(self.source);
    }
}

/// Which sources have calls here, and how the turns are shared out among them.
#[derive(Clone, Default)]
struct Shares(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    /// Those with calls here, and no others.
    sources: HashMap<i64, Source>,
    /// Turns that were due to a source that has been here all along.
    due: f64,
}

#[derive(Default)]
struct Source {
    calls: usize,
    turns: f64,
}

/// What a source has had, and what was due to it, when one of its calls came.
#[derive(Clone, Copy)]
struct Share {
    turns: f64,
    due: f64,
}

impl Shares {
    fn come(&self, source: i64) -> Share {
        let mut shared = self.lock();
        let due = shared.due;
        let source = shared.sources.entry(source).or_default();
        source.calls += 1;
        Share { turns: source.turns, due }
    }

    /// A call of that source had a turn. Says whether it is the only call here.
    fn turn(&self, source: i64) -> bool {
        let mut shared = self.lock();
        shared.due += 1.0 / shared.sources.len().max(1) as f64;
        if let Some(source) = shared.sources.get_mut(&source) {
            source.turns += 1.0;
        }
        shared.sources.values().map(|source| source.calls).sum::<usize>() == 1
    }

    /// Whether a source has had no less than was due to it since then, and not all of it in the one call that had `had`
    /// turns.
    fn crowded_itself(&self, source: i64, since: Share, had: usize) -> bool {
        let shared = self.lock();
        let turns = shared.sources.get(&source).map_or(0.0, |source| source.turns) - since.turns;
        // Half a turn for what rounding took.
        turns > had as f64 + 0.5 && turns + 0.5 >= shared.due - since.due
    }

    fn go(&self, source: i64) {
        let mut shared = self.lock();
        if let Some(gone) = shared.sources.get_mut(&source) {
            gone.calls -= 1;
            if gone.calls == 0 {
                shared.sources.remove(&source);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who has itself to blame when calls of these sources took turns.
    fn crowded_themselves(calls: &[i64]) -> Vec<i64> {
        let shares = Shares::default();
        let since: Vec<Share> = calls.iter().map(|source| shares.come(*source)).collect();
        for _ in 0..7 {
            calls.iter().for_each(|source| assert_eq!(shares.turn(*source), calls.len() == 1));
        }
        let mut found: Vec<i64> = Vec::new();
        for (source, since) in calls.iter().zip(since) {
            if shares.crowded_itself(*source, since, 7) && !found.contains(source) {
                found.push(*source);
            }
        }
        calls.iter().for_each(|source| shares.go(*source));
        assert!(shares.lock().sources.is_empty());
        found
    }

    #[test]
    fn a_source_that_crowds_out_another_crowds_itself_and_the_other_not() {
        assert_eq!(crowded_themselves(&[1]), [0; 0], "it waited for the machine");
        assert_eq!(crowded_themselves(&[1, 1, 1]), [1]);
        assert_eq!(crowded_themselves(&[1, 1, 1, 2]), [1]);
        assert_eq!(crowded_themselves(&[1, 1, 1, 1, 2, 3, 2]), [1]);
        assert_eq!(crowded_themselves(&[1, 2, 1, 2, 3]), [1, 2]);
        assert_eq!(crowded_themselves(&[1, 2, 3]), [0; 0], "there are too many of them");
    }

    #[test]
    fn what_was_before_a_call_came_does_not_count() {
        let shares = Shares::default();
        shares.come(1);
        (0..100).for_each(|_| _ = shares.turn(1));
        let since = shares.come(2);
        (0..10).for_each(|_| _ = shares.turn(1));
        assert!(!shares.crowded_itself(2, since, 0));
        (0..11).for_each(|_| _ = shares.turn(2));
        assert!(shares.crowded_itself(2, since, 5));
    }
}
