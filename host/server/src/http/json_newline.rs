//! A newline at the end of every JSON answer, so that a shell's prompt does not follow it on its line.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{
        HeaderValue,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::Response,
};
use hyper::body::{Frame, SizeHint};

/// Adds a newline to a JSON answer.
pub async fn add(mut response: Response) -> Response {
    let is_json =
        response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !is_json {
        return response;
    }
    let length = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if let Some(length) = length {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length + 1));
    }
    response.map(|body| Body::new(WithNewline { body, is_ended: false }))
}

/// A body and a newline after it.
struct WithNewline {
    body: Body,
    is_ended: bool,
}

impl HttpBody for WithNewline {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.is_ended {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.or_else(|| {
            self.is_ended = true;
            Some(Ok(Frame::data(Bytes::from_static(b"\n"))))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.is_ended
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let newline = u64::from(!self.is_ended);
        match hint.exact() {
            Some(exact) => hint.set_exact(exact + newline),
            None => hint.set_lower(hint.lower() + newline),
        }
        hint
    }
}
