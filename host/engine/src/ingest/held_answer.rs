//! Keeping the memory of a large answer counted until it is written.
//!
//! An answer that lists many items has megabytes, and a sender that does not read it keeps it in its connection's buffer.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, HttpBody as _},
    response::Response,
};
use futures_util::FutureExt as _;
use http_body_util::BodyExt as _;

use super::incoming_request::IncomingRequest;
use crate::admission::Reservation;

/// The longest answer, in bytes, that fits into the buffers of a socket.
const SMALL: u64 = 16 * 1024;

/// A part of an answer, with the reservation of its request.
struct HeldData {
    data: Bytes,
    _reservation: Arc<Reservation>,
}

impl AsRef<[u8]> for HeldData {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

/// Lets a large answer hold its part of the request's reservation until it is written.
pub(super) fn hold_until_written(response: Response, request: &IncomingRequest) -> Response {
    match &request.reservation {
        Some(reservation) if response.body().size_hint().lower() > SMALL => {
            response.map(|body| hold(body, reservation.clone()))
        }
        _ => response,
    }
}

/// An answer is one frame, which is there at once, and stays one, so that its length is known.
fn hold(mut body: Body, reservation: Arc<Reservation>) -> Body {
    let frame = body.frame().now_or_never().flatten().and_then(Result::ok);
    let data = frame.and_then(|frame| frame.into_data().ok()).unwrap_or_default();
    reservation.change_to(data.len());
    Body::from(Bytes::from_owner(HeldData { data, _reservation: reservation }))
}
