//! A connection whose client must read its answers at a minimum pace. A client that takes a few bytes now and then would
//! keep an answer of megabytes, and its connection, for ever.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// The time that a client has in any case.
const PATIENCE: Duration = Duration::from_secs(30);
/// The bytes that a client must read in each further second.
const MIN_BYTES_PER_SECOND: u64 = 1024;

/// A stream whose writes fail if the other end reads too slowly.
#[derive(Debug)]
pub struct PacedStream<S> {
    stream: S,
    /// Present while bytes wait for the other end.
    wait: Option<Pin<Box<Wait>>>,
}

/// A wait for the other end, from the first write that the socket did not take to the end of the answer.
#[derive(Debug)]
struct Wait {
    began: Instant,
    written: u64,
    deadline: Pin<Box<Sleep>>,
}

impl<S> PacedStream<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, wait: None }
    }

    /// Continues or begins a wait. Returns an error once the other end is too slow.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let wait = self.wait.get_or_insert_with(|| {
            let began = Instant::now();
            Box::pin(Wait { began, written: 0, deadline: Box::pin(sleep_until(began + PATIENCE)) })
        });
        let due = wait.began + PATIENCE + Duration::from_secs(wait.written / MIN_BYTES_PER_SECOND);
        if wait.deadline.deadline() != due {
            wait.deadline.as_mut().reset(due);
        }
        ready!(wait.deadline.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads its answer too slowly")))
    }

    fn written(&mut self, result: io::Result<usize>) -> Poll<io::Result<usize>> {
        if let (Some(wait), Ok(bytes)) = (&mut self.wait, &result) {
            wait.written += *bytes as u64;
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for PacedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for PacedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Ready(result) => self.written(result),
            Poll::Pending => self.wait(context),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(context, bytes) {
            Poll::Ready(result) => self.written(result),
            Poll::Pending => self.wait(context),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The connection flushes when all of its answer is written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
        self.wait = None;
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
        time::sleep,
    };

    use super::*;

    /// Writes 1 MiB to a client that reads `bytes` every `pause`, and returns the result and the time that it took.
    async fn write_to_reader(bytes: usize, pause: Duration) -> (io::Result<()>, Duration) {
        // The time is the test's own: it passes when all tasks wait.
        let (server, mut client) = duplex(4096);
        let reader = tokio::spawn(async move {
            let mut buffer = vec![0; bytes];
            loop {
                sleep(pause).await;
                if client.read(&mut buffer).await.unwrap_or_default() == 0 {
                    return;
                }
            }
        });
        let (began, mut stream) = (Instant::now(), PacedStream::new(server));
        let result = async {
            stream.write_all(&vec![b'x'; 1 << 20]).await?;
            stream.flush().await
        };
        let (result, time) = (result.await, began.elapsed());
        drop(stream);
        reader.await.unwrap();
        (result, time)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_a_few_bytes_now_and_then_is_given_up() {
        let (result, time) = write_to_reader(8, Duration::from_secs(20)).await;
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(time >= PATIENCE && time < 2 * PATIENCE, "{time:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_that_keeps_the_pace_reads_all_of_it() {
        // 4 KiB a second, in pieces: a mebibyte takes over four minutes.
        let (result, time) = write_to_reader(4096, Duration::from_secs(1)).await;
        result.unwrap();
        assert!(time > 4 * PATIENCE, "{time:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_of_one_answer_is_not_the_next_ones() {
        let (server, mut client) = duplex(16);
        let mut stream = PacedStream::new(server);
        for _ in 0..10 {
            let read = async {
                sleep(Duration::from_secs(25)).await;
                client.read_exact(&mut [0; 32]).await.unwrap();
            };
            let write = async {
                stream.write_all(&[b'x'; 32]).await.unwrap();
                stream.flush().await.unwrap();
            };
            tokio::join!(read, write);
        }
    }
}
