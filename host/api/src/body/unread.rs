//! Draining bodies that no handler reads, because the request was refused for its credential, its path or its parameters.
//! Without it the connection would be reset, and a client that still sends could not read the answer.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::Request,
    http::header,
};
use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use inlet_engine::drain::drain;
use tokio::runtime::Handle;

/// Lets the body be drained if it is dropped unread. A handler that begins to read it drains the rest itself.
pub async fn drain_unread(request: Request) -> Request {
    let (parts, body) = request.into_parts();
    // A client that waits for `100 Continue` has sent nothing, and reading from its body would ask for it.
    if body.is_end_stream() || parts.headers.contains_key(header::EXPECT) {
        return Request::from_parts(parts, body);
    }
    let body = Body::from_stream(DrainedIfUnread { unread: Some(body), read: None });
    Request::from_parts(parts, body)
}

/// The data of a body.
struct DrainedIfUnread {
    /// The body, until it is read.
    unread: Option<Body>,
    /// Its data, once it is read.
    read: Option<BoxStream<'static, Result<Bytes, axum::Error>>>,
}

impl Stream for DrainedIfUnread {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(body) = self.unread.take() {
            self.read = Some(body.into_data_stream().boxed());
        }
        match &mut self.read {
            Some(data) => data.poll_next_unpin(context),
            None => Poll::Ready(None),
        }
    }
}

impl Drop for DrainedIfUnread {
    fn drop(&mut self) {
        if let Some(body) = self.unread.take()
            && Handle::try_current().is_ok()
        {
            drain(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    /// A request whose body has three pieces, and the number of those that were read.
    fn request(expects: bool) -> (Request, Arc<AtomicUsize>) {
        let read = Arc::new(AtomicUsize::new(0));
        let counter = read.clone();
        let pieces = futures_util::stream::iter(0..3).map(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(b"piece"))
        });
        let mut request = Request::new(Body::from_stream(pieces));
        if expects {
            request.headers_mut().insert(header::EXPECT, header::HeaderValue::from_static("100-continue"));
        }
        (request, read)
    }

    #[tokio::test]
    async fn an_unread_body_is_drained() {
        let (request, read) = request(false);
        drop(drain_unread(request).await);
        assert_eq!(read.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_body_that_is_read_in_part_is_left_to_its_reader() {
        let (request, read) = request(false);
        let mut data = drain_unread(request).await.into_body().into_data_stream();
        assert_eq!(data.next().await.unwrap().unwrap(), Bytes::from_static(b"piece"));
        drop(data);
        assert_eq!(read.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_body_that_waits_to_be_asked_for_is_not_asked_for() {
        let (request, read) = request(true);
        drop(drain_unread(request).await);
        assert_eq!(read.load(Ordering::Relaxed), 0);
    }
}
