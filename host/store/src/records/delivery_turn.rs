//! A turn of the dispatcher: what it did since the last one, and what it wants next, in one transaction.

use std::time::Duration;

use uuid::Uuid;

use super::{
    delivery::{AttemptRecord, DeliveryRecord, StoredBody},
    target::ChangedHealth,
};

/// A turn of one dispatcher. Everything in it is written in one transaction, in the order of the fields.
#[derive(Debug, Clone)]
pub struct DeliveryTurn {
    /// The running dispatcher. No two may share it, nor may one take over that of an earlier process.
    pub owner: Uuid,
    /// The time after which a claim is free for others, unless it is renewed or ended.
    pub lease: Duration,
    /// Bodies that were built. Each is written before its first attempt.
    pub bodies: Vec<BuiltDelivery>,
    /// Attempts that ended.
    pub finished: Vec<FinishedAttempt>,
    /// The health of targets that changed.
    pub health: Vec<ChangedHealth>,
    /// Claims to hold for another lease.
    pub renewed: Vec<Claim>,
    /// The deliveries to claim.
    pub wanted: Vec<ClaimWanted>,
}

impl DeliveryTurn {
    /// Returns a turn in which nothing is done.
    pub fn new(owner: Uuid, lease: Duration) -> Self {
        Self {
            owner,
            lease,
            bodies: Vec::new(),
            finished: Vec::new(),
            health: Vec::new(),
            renewed: Vec::new(),
            wanted: Vec::new(),
        }
    }
}

/// The right to work on a delivery, as long as nobody else claims it: the fence, together with the turn's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Claim {
    /// See [`DeliveryRecord::seq`].
    pub seq: i64,
    /// Counts the claims of the delivery.
    pub epoch: i64,
}

/// The number of deliveries of a running target to claim, by class. They are due by the database's clock, the one that is
/// due the longest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimWanted {
    /// The target's database id.
    pub target: i64,
    /// Deliveries that were never tried.
    pub first_attempts: u32,
    /// Deliveries that were tried once or twice.
    pub retries: u32,
    /// Deliveries that were tried more often.
    pub late: u32,
}

/// A delivery to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedDelivery {
    /// The right to it.
    pub claim: Claim,
    /// The delivery after the claim: its tries count the attempt that follows. A stored body is read with
    /// `Store::delivery_body`.
    pub delivery: DeliveryRecord,
    /// The time since the first attempt, or since the target runs again if that is later, by the database's clock.
    pub age: Duration,
}

/// A body that was built.
#[derive(Debug, Clone)]
pub struct BuiltDelivery {
    /// The right to the delivery.
    pub claim: Claim,
    /// The body.
    pub body: StoredBody,
    /// The number of the delivery's recipients, from the first one on, that the body is for. The rest becomes a delivery of
    /// its own, which is the next of its order: part 2 of a body that was split, with a key of its own.
    pub covered: u32,
}

/// An attempt that ended.
#[derive(Debug, Clone)]
pub struct FinishedAttempt {
    /// The right to the delivery. It ends, unless it is lost.
    pub claim: Claim,
    /// The attempt; none if none was made.
    pub attempt: Option<AttemptRecord>,
    /// The consequence.
    pub next: AttemptNext,
}

/// The consequence of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptNext {
    /// Nothing: the target took it.
    Delivered {
        /// The id that the target gave to what it began.
        downstream_id: Option<String>,
    },
    /// Another attempt, by the database's clock. None follows if the run was canceled meanwhile.
    Retry {
        /// The time until then.
        after: Duration,
        /// True if the attempt counts against the retry schedule.
        is_counted: bool,
        /// True if the target may have got it. A delivery that it never got is not canceled there.
        may_be_sent: bool,
    },
    /// Nothing: it is given up, and its event needs attention.
    Dead {
        /// True if the attempt counts against the retry schedule. The target never got one that does not.
        is_counted: bool,
    },
    /// Nothing: no recipient is left that is not canceled.
    Canceled,
    /// The attempt that the claim is for, at once: it was not begun.
    HandBack,
}

/// The result of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeliveryTurnResult {
    /// The deliveries to work on.
    pub claimed: Vec<ClaimedDelivery>,
    /// Claims that somebody else has taken over, or whose delivery is gone. Nothing was written for them.
    pub lost: Vec<Claim>,
    /// The time until the next delivery is due, for each wanted target that runs and has something to do: zero if more are
    /// due than were wanted.
    pub next_due: Vec<(i64, Duration)>,
}
