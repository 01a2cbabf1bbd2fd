//! The stream of a connection, with the time limits between requests, and with sentences in the HTTP library's own answers.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use inlet_engine::Engine;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::{
    Timeouts,
    activity::{Activity, State},
    library_error,
};

/// A stream that ends when its connection waits too long for a request.
pub(super) struct WatchedStream<S> {
    stream: S,
    timeouts: Timeouts,
    activity: Activity,
    engine: Engine,
    /// The state at the last look, and when it began.
    seen: (State, Instant),
    /// True if something was written since the last flush.
    has_written: bool,
    /// Fires at or before the deadline. It is moved when it fires, and not with every request.
    timer: Pin<Box<Sleep>>,
    /// The answer that replaces one of the HTTP library, and the bytes of it that are written.
    replaced: Option<(Vec<u8>, usize)>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WatchedStream<S> {
    pub(super) fn new(stream: S, timeouts: Timeouts, activity: Activity, engine: Engine) -> Self {
        let now = Instant::now();
        let first = now + timeouts.head.min(timeouts.idle);
        let timer = Box::pin(sleep_until(first));
        Self { stream, timeouts, activity, engine, seen: (State::Head, now), has_written: false, timer, replaced: None }
    }

    /// Returns the time until which something must arrive.
    fn deadline(&self) -> Option<Instant> {
        // While an answer is written, `PacedStream` limits the client.
        if self.has_written {
            return None;
        }
        let (state, since) = self.seen;
        let limit: Duration = match state {
            State::Head => self.timeouts.head,
            State::Answered => self.timeouts.idle,
            State::Busy => return None,
        };
        Some(since + limit)
    }

    /// Completes when the deadline has passed.
    fn poll_deadline(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let state = self.activity.state();
        if state != self.seen.0 {
            self.seen = (state, Instant::now());
        }
        while let Some(deadline) = self.deadline() {
            // The timer may be set to a later time than this deadline, if the idle time is longer than a head's.
            if self.timer.deadline() > deadline {
                self.timer.as_mut().reset(deadline);
            }
            ready!(self.timer.as_mut().poll(context));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }

    /// Writes the answer that replaces one of the HTTP library. Completes when it is written.
    fn poll_replaced(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((answer, written)) = &mut self.replaced {
            let rest = answer.get(*written..).unwrap_or_default();
            if rest.is_empty() {
                self.replaced = None;
                break;
            }
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => *written += count,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Returns true if these bytes are an answer of the HTTP library to a head that it could not read. It is replaced.
    fn replaces(&mut self, bytes: &[u8]) -> bool {
        if self.activity.state() != State::Head || self.replaced.is_some() {
            return false;
        }
        let Some(status) = library_error::status(bytes) else { return false };
        self.engine.not_http(status);
        self.replaced = Some((library_error::with_sentence(status), 0));
        true
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Pending => match this.poll_deadline(context) {
                // As if the client had ended the connection.
                Poll::Ready(()) => Poll::Ready(Ok(())),
                Poll::Pending => Poll::Pending,
            },
            Poll::Ready(result) => {
                if this.activity.state() == State::Answered && buffer.filled().len() > before {
                    this.activity.set(State::Head);
                    this.seen = (State::Head, Instant::now());
                }
                Poll::Ready(result)
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.replaces(bytes) {
            // The library's answer counts as written; its replacement is written before anything else.
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(this.poll_replaced(context))?;
        this.has_written = true;
        Pin::new(&mut this.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.replaces(parts.first().map(|part| &**part).unwrap_or_default()) {
            return Poll::Ready(Ok(parts.iter().map(|part| part.len()).sum()));
        }
        ready!(this.poll_replaced(context))?;
        this.has_written = true;
        Pin::new(&mut this.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_replaced(context))?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        if std::mem::take(&mut self.has_written) && self.activity.state() != State::Busy {
            self.seen = (self.activity.state(), Instant::now());
            // The HTTP library may wait for the next request without another read, so the timer is started here. It has not
            // fired for a time that begins now.
            let _ = self.poll_deadline(context);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_replaced(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
