//! The thread where calls continue that take longer than one time slice, some milliseconds of processor time.
//!
//! Nearly every call takes about ten microseconds and runs where it was made. A longer one would hold a worker of the
//! server's runtime for one slice after another, and a few looping calls would hold all workers most of the time. Such
//! calls therefore move to one thread of lower priority, where they take turns.
//!
//! The lower priority alone is not enough: a thread that wakes still waits for the running thread's scheduler slice, some
//! milliseconds, and an event wakes several threads on its way. The thread therefore also rests between turns, unless its
//! only call is a recent one.
//!
//! A call that moved here runs to its end even if nobody waits for it: a sender that hangs up would otherwise hide a
//! looping plugin. The [`CallGuard`] (a permit) bounds the number of such calls.
//!
//! Calls take turns regardless of their source, so a source with many calls leaves little to a source with one.
//! [`shares`] decides which source is to blame when a call waited too long.

mod shares;

use std::{
    future::{pending, poll_fn},
    io,
    panic::resume_unwind,
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

use self::shares::{Shares, StartOfCall};
use super::{call::Call, call_guard::CallGuard, fault::Fault};

/// The thread's nice(1) value: about a tenth of a core while other threads want every core.
const NICENESS: i32 = 10;
/// The pause between two turns. With turns of 5 ms the thread takes at most a quarter of a core.
const REST: Duration = Duration::from_millis(15);
/// Turns that a call has without rests while it is the only one: large batches and heavier languages end within them.
const UNRESTED_TURNS: usize = 20;

/// The thread of long calls. The thread ends when this is dropped.
pub(crate) struct LongCalls {
    thread: Handle,
    shares: Shares,
    // Dropping the sender ends the thread and drops the calls on it.
    _stop: oneshot::Sender<()>,
}

impl LongCalls {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let thread = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        thread::Builder::new().name("inlet-slow".to_owned()).spawn(move || {
            // Applies to this thread only. If the system refuses, long calls still take turns and rest.
            let _ = rustix::process::setpriority_process(None, NICENESS);
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { thread, shares: Shares::default(), _stop: stop })
    }

    /// Runs the first time slice of a call here and the rest on the thread of long calls. The rest runs to its end even if
    /// the returned future is dropped. `guard` learns the result, and is dropped after the call.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        guard: impl CallGuard,
        call: impl Future<Output = Call<T>> + Send + 'static,
    ) -> Call<T> {
        let mut call = Box::pin(call);
        // A guest never waits for anything, so a pending call has used up its slice.
        let first = poll_fn(|context| match call.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => Poll::Ready(None),
        });
        if let Some(done) = first.await {
            guard.ended(done.result.as_ref().err(), &done.spent);
            return done;
        }
        let call = LongCall::new(call, guard.source(), &self.shares);
        let task = self.thread.spawn(async move {
            let done = call.await;
            guard.ended(done.result.as_ref().err(), &done.spent);
            done
        });
        match task.await.map_err(tokio::task::JoinError::try_into_panic) {
            Ok(done) => done,
            // A bug of the host, which belongs to the caller's stack.
            Err(Ok(panic)) => resume_unwind(panic),
            // The thread has ended together with the sandbox: nobody waits for the result.
            Err(Err(_)) => pending().await,
        }
    }
}

/// A call on the thread of long calls. Every poll is one turn.
struct LongCall<F> {
    call: Pin<Box<F>>,
    turns: usize,
    source: i64,
    start: StartOfCall,
    shares: Shares,
}

impl<F> LongCall<F> {
    fn new(call: Pin<Box<F>>, source: i64, shares: &Shares) -> Self {
        Self { call, turns: 0, source, start: shares.add_call(source), shares: shares.clone() }
    }
}

impl<T, F: Future<Output = Call<T>>> Future for LongCall<F> {
    type Output = Call<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Call<T>> {
        let turn = self.call.as_mut().poll(context);
        self.turns += 1;
        let is_alone = self.shares.count_turn(self.source);
        match turn {
            Poll::Ready(mut done) => {
                if let Err(Fault::Waited { behind_own_source, .. }) = &mut done.result {
                    *behind_own_source = self.shares.is_behind_own_source(self.source, self.start, self.turns);
                }
                Poll::Ready(done)
            }
            Poll::Pending => {
                if self.turns > UNRESTED_TURNS || !is_alone {
                    // Blocks the thread and not only the task: the rest is for other threads on the machine.
                    thread::sleep(REST);
                }
                Poll::Pending
            }
        }
    }
}

impl<F> Drop for LongCall<F> {
    fn drop(&mut self) {
        self.shares.remove_call(self.source);
    }
}
