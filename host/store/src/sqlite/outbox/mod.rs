//! The outbox: deliveries from the transaction that writes them until they end.
//!
//! - [`route`] writes the deliveries of runs in the transaction of these;
//! - [`cancel`] cancels deliveries of canceled runs, and adds the calls that cancel what was sent; [`cancel_rest`] goes on
//!   with runs that have very many;
//! - [`turn`] executes a turn of a dispatcher, with [`bodies`], [`finish`], [`health`] and [`claim`];
//! - [`order`] lets the next delivery of an order key begin;
//! - [`select`] finds the deliveries that an operator means, for [`redrive`] and [`discard`].
//!
//! A delivery is due if `due_at_ms` has come. A claim moves `due_at_ms` to the end of its lease, so that one index finds new
//! deliveries, those to be tried again, and those whose owner is gone. Of deliveries with one order key at most one has a
//! `due_at_ms`, which a unique index guards.

mod bodies;
pub(crate) mod cancel;
pub(crate) mod cancel_rest;
mod claim;
pub(crate) mod columns;
mod discard;
mod finish;
mod health;
pub(crate) mod order;
mod redrive;
pub(crate) mod route;
pub(crate) mod select;
pub(crate) mod stop;
#[cfg(test)]
mod tests;
mod turn;

/// The statuses as they are stored. The numbers are part of the schema: never change one.
pub(crate) mod status {
    pub(crate) const PENDING: i64 = 0;
    pub(crate) const RETRYING: i64 = 1;
    pub(crate) const DELIVERED: i64 = 2;
    pub(crate) const DEAD: i64 = 3;
    pub(crate) const CANCELED: i64 = 4;
}

/// The calls as they are stored.
pub(crate) mod call {
    pub(crate) const TRIGGER: i64 = 0;
    pub(crate) const CANCEL: i64 = 1;
}
