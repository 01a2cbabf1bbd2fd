//! Admission: what a request may hold and cost before anything of it is trusted.
//!
//! Every request reserves its memory in one [`Ledger`], bounded as a whole, by source environment and by peer address,
//! until the store has written or dropped its job. [`peer`] says which address a request is counted for, and
//! [`failures`] which addresses fail too often to be given a full share, or to be kept. [`refusal_budget`] bounds what is
//! kept of refused requests, and [`request_rate`] what a source environment takes. [`backlog`] estimates how long a request would
//! wait, and [`upcoming`] counts what is verified and not yet in the store's queue. Source of the rules: semantics.md §3, "Answers".

mod backlog;
pub(crate) mod failures;
mod forwarded_for;
pub(crate) mod held_bytes;
pub(crate) mod ledger;
pub mod peer;
pub(crate) mod refusal_budget;
pub(crate) mod request_rate;
mod reservation;
mod shares;
pub(crate) mod upcoming;

pub use self::shares::Share;
pub(crate) use self::{
    ledger::{Ledger, Refusal},
    peer::Peer,
    reservation::Reservation,
};
