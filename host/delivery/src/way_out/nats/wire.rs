//! Lines and payloads of the protocol on a byte stream.

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufStream};

/// The longest line that is read.
const MAX_LINE: u64 = 64 * 1024;
/// The longest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// A byte stream, plain or encrypted.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(super) async fn read_line<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufStream<S>) -> Result<String, String> {
    let mut line = Vec::new();
    let read = (&mut *stream).take(MAX_LINE).read_until(b'\n', &mut line).await.map_err(|error| error.to_string())?;
    if read == 0 || !line.ends_with(b"\n") {
        return Err("the server closed the connection".to_owned());
    }
    String::from_utf8(line).map(|line| line.trim_end().to_owned()).map_err(|_| "the server sent no text".to_owned())
}

pub(super) async fn read_payload<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
    bytes: &str,
) -> Result<Vec<u8>, String> {
    let bytes = bytes.parse().ok().filter(|bytes| *bytes <= MAX_ANSWER).ok_or("the server's answer is too long")?;
    let mut payload = vec![0; bytes];
    stream.read_exact(&mut payload).await.map_err(|error| error.to_string())?;
    Ok(payload)
}

pub(super) async fn write<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufStream<S>,
    bytes: &[u8],
) -> Result<(), String> {
    stream.write_all(bytes).await.map_err(|error| error.to_string())?;
    stream.flush().await.map_err(|error| error.to_string())
}
