//! Keeping the memory of a large answer counted until it is written.
//!
//! An answer that lists many items has megabytes, and a sender that does not read it keeps it in its connection's buffer.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, HttpBody as _},
    response::Response,
};
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
    let bytes = response.body().size_hint().lower();
    match &request.reservation {
        Some(reservation) if bytes > SMALL => {
            reservation.change_to(usize::try_from(bytes).unwrap_or(usize::MAX));
            let reservation = reservation.clone();
            response.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    let hold = |data| Bytes::from_owner(HeldData { data, _reservation: reservation.clone() });
                    frame.map_data(hold)
                }))
            })
        }
        _ => response,
    }
}
