//! Where a call goes on that is not done by its first tick.
//!
//! Nearly every call is: it costs some ten microseconds, and runs where it was made. One that is not would hold a worker of
//! the server's runtime for a tick at a time, and a few of them, looping, would hold all workers nearly all the time. So it
//! is handed over to one thread of a lower priority, where such calls take turns: quick requests do not feel them, and what
//! processor time nobody else wants is theirs.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    task::{Context, Poll},
    thread,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
    task::JoinHandle,
};

/// How far the thread stands back, on the scale of nice(1): about a tenth of a core where all cores are wanted by others.
const NICENESS: i32 = 10;

/// The thread of slow calls; it ends with this.
pub(crate) struct SlowLane {
    thread: Handle,
    // Dropping the sender ends the thread, and drops what still runs there.
    _stop: oneshot::Sender<()>,
}

impl SlowLane {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let thread = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        thread::Builder::new().name("inlet-slow".to_owned()).spawn(move || {
            // Of this thread alone. Where it is not allowed, slow calls still take turns.
            let _ = rustix::process::setpriority_process(None, NICENESS);
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { thread, _stop: stop })
    }

    /// Runs a call to its first tick here, and the rest of it on the slow thread. Dropping this drops the call, at its next
    /// tick at the latest.
    pub(crate) async fn run<T: Send + 'static>(&self, call: impl Future<Output = T> + Send + 'static) -> T {
        let mut call = Box::pin(call);
        // A guest never waits: what is not done is at a tick.
        let first = poll_fn(|context| match call.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => Poll::Ready(None),
        });
        match first.await {
            Some(done) => done,
            None => Elsewhere { task: self.thread.spawn(call) }.await,
        }
    }
}

/// A call on the slow thread.
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
