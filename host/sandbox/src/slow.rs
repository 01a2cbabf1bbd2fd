//! Where a call goes on that is not done in its first turn, some milliseconds of processor time.
//!
//! Nearly every call is: it costs some ten microseconds, and runs where it was made. One that is not would hold a worker of
//! the server's runtime for one tick after another, and a few of them, looping, would hold all workers nearly all the time.
//! So it is handed over to one thread of a lower priority, where such calls take turns. A lower priority alone is not
//! enough: a thread that wakes still waits for the slice of the one that runs, some milliseconds, and an event wakes several
//! threads on its way. So the thread also rests between turns, unless it has a single call that has not run for long.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
    task::JoinHandle,
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
    /// Calls that take turns.
    calls: Arc<AtomicUsize>,
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
        Ok(Self { thread, calls: Arc::default(), _stop: stop })
    }

    /// Runs the first turn of a call here, and the rest of it on the slow thread. Dropping this drops the call, at its next
    /// turn at the latest.
    pub(crate) async fn run<T: Send + 'static>(&self, call: impl Future<Output = T> + Send + 'static) -> T {
        let mut call = Box::pin(call);
        // A guest never waits: what is not done has had its turn.
        let first = poll_fn(|context| match call.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => Poll::Ready(None),
        });
        match first.await {
            Some(done) => done,
            None => Elsewhere { task: self.thread.spawn(Turns::of(call, &self.calls)) }.await,
        }
    }
}

/// A call on the slow thread, turn by turn.
struct Turns<F> {
    call: Pin<Box<F>>,
    had: usize,
    calls: Arc<AtomicUsize>,
}

impl<F> Turns<F> {
    fn of(call: Pin<Box<F>>, calls: &Arc<AtomicUsize>) -> Self {
        calls.fetch_add(1, Ordering::Relaxed);
        Self { call, had: 0, calls: Arc::clone(calls) }
    }
}

impl<F: Future> Future for Turns<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let turn = self.call.as_mut().poll(context);
        self.had += 1;
        if turn.is_pending() && (self.had > UNRESTED || self.calls.load(Ordering::Relaxed) > 1) {
            // The thread and not the task: it is the others on the machine who are to have the core.
            thread::sleep(REST);
        }
        turn
    }
}

impl<F> Drop for Turns<F> {
    fn drop(&mut self) {
        self.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits for a call on the slow thread.
struct Elsewhere<T> {
    task: JoinHandle<T>,
}

impl<T> Future for Elsewhere<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match pin!(&mut self.task).poll(context) {
            Poll::Ready(Ok(done)) => Poll::Ready(done),
            Poll::Ready(Err(error)) => match error.try_into_panic() {
                // A bug of ours, which is to be seen where the call was made.
                Ok(panic) => std::panic::resume_unwind(panic),
                // The thread has ended, and with it the sandbox: nobody waits for this.
                Err(_) => Poll::Pending,
            },
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Drop for Elsewhere<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}
