//! The ledger of the memory that requests hold.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    reservation::Reservation,
    shares::{Share, Shares},
};

/// The longest time that a request may be expected to wait. The store's own estimate of its queue has the same limit.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// The ledger of the memory that requests hold. A small request takes its lock three times: when its endpoint was found,
/// when its body was read, and at its end.
pub(crate) struct Ledger {
    shares: Mutex<Shares>,
}

/// Who a request is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Party {
    /// The source environment's database id.
    pub(crate) source: i64,
    /// The peer's address. `None`: the request counts for no peer.
    pub(crate) peer: Option<IpAddr>,
    /// True for a request that gets a smaller share.
    pub(crate) is_suspect: bool,
}

/// The reason why a request is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A share of the memory is full.
    Full(Share),
    /// It would wait for too long.
    Overloaded,
}

/// The totals of the ledger, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    /// Bytes of all requests.
    pub(crate) bytes: usize,
    /// Bytes of the source environment that holds the most.
    pub(crate) largest_source: usize,
    /// Requests whose body was read and that are not answered yet.
    pub(crate) inside: usize,
}

impl Ledger {
    /// Creates a ledger of at most `max` bytes.
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { shares: Mutex::new(Shares::new(max)) })
    }

    /// Opens a request's reservation with its first bytes.
    pub(crate) fn open(
        self: &Arc<Self>,
        party: Party,
        bytes: usize,
        now: Instant,
    ) -> Result<Arc<Reservation>, Refusal> {
        let held = Reservation::first_held(bytes);
        let mut shares = self.shares();
        let holder = shares.holder(party);
        if shares.backlog.wait(now) > MAX_WAIT && shares.is_crowding(&holder) {
            return Err(Refusal::Overloaded);
        }
        shares.take(&holder, held).map_err(Refusal::Full)?;
        drop(shares);
        Ok(Arc::new(Reservation::new(self.clone(), holder, bytes, held)))
    }

    /// Returns what is held now.
    pub(crate) fn held(&self) -> Held {
        let shares = self.shares();
        let largest_source = shares.sources.iter().map(|source| source.held).max().unwrap_or_default();
        Held { bytes: shares.held, largest_source, inside: shares.backlog.inside() }
    }

    pub(super) fn shares(&self) -> MutexGuard<'_, Shares> {
        // No code panics while it holds the lock; the totals would still be right if one did.
        self.shares.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX: usize = 1 << 20;

    fn party(source: i64, peer: Option<u8>, is_suspect: bool) -> Party {
        Party { source, peer: peer.map(|last| IpAddr::from([192, 0, 2, last])), is_suspect }
    }

    /// Takes as much as there is for a party, in steps.
    fn flood(ledger: &Arc<Ledger>, party: Party, step: usize) -> (Vec<Arc<Reservation>>, Refusal) {
        let mut reservations = Vec::new();
        loop {
            match ledger.open(party, step, Instant::now()) {
                Ok(reservation) => reservations.push(reservation),
                Err(refusal) => return (reservations, refusal),
            }
        }
    }

    #[test]
    fn one_source_takes_half_and_two_leave_room_for_a_third() {
        let ledger = Ledger::new(MAX);
        let (first, refusal) = flood(&ledger, party(1, None, false), 4096);
        assert_eq!(refusal, Refusal::Full(Share::Source));
        assert_eq!(ledger.held().bytes, MAX / 2);
        let (second, refusal) = flood(&ledger, party(2, None, false), 4096);
        assert_eq!(refusal, Refusal::Full(Share::Source));
        assert_eq!(ledger.held(), Held { bytes: MAX * 3 / 4, largest_source: MAX / 2, inside: 0 });
        assert!(ledger.open(party(3, None, false), MAX / 8 - 8192, Instant::now()).is_ok());
        drop((first, second));
        assert_eq!(ledger.held(), Held { bytes: 0, largest_source: 0, inside: 0 });
    }

    #[test]
    fn one_peer_cannot_take_the_shares_of_many_sources() {
        let ledger = Ledger::new(MAX);
        let mut reservations = Vec::new();
        for source in 0..20 {
            let (taken, _) = flood(&ledger, party(source, Some(1), false), 4096);
            reservations.extend(taken);
        }
        assert_eq!(ledger.held().bytes, MAX / 2);
        let refused = ledger.open(party(21, Some(1), false), 4096, Instant::now()).err();
        assert_eq!(refused, Some(Refusal::Full(Share::Peer)));
        assert!(
            ledger.open(party(21, Some(2), false), MAX / 4 - 8192, Instant::now()).is_ok(),
            "another peer has room"
        );
    }

    #[test]
    fn suspects_take_a_fifth_and_leave_their_source_the_rest_of_its_share() {
        let ledger = Ledger::new(MAX);
        let (suspects, _) = flood(&ledger, party(1, None, true), 4096);
        assert!(ledger.held().bytes <= MAX / 5);
        assert!(ledger.held().bytes > MAX / 6);
        let (others, _) = flood(&ledger, party(1, None, false), 4096);
        assert_eq!(ledger.held().bytes, MAX / 2);
        drop((suspects, others));
    }

    #[test]
    fn a_request_that_would_exceed_the_whole_is_refused_for_that() {
        let ledger = Ledger::new(MAX);
        let refused = ledger.open(party(1, None, false), MAX + 1, Instant::now()).err();
        assert_eq!(refused, Some(Refusal::Full(Share::Whole)));
        let refused = ledger.open(party(1, None, false), usize::MAX, Instant::now()).err();
        assert_eq!(refused, Some(Refusal::Full(Share::Whole)));
        assert_eq!(ledger.held().bytes, 0);
    }

    #[test]
    fn an_overload_refuses_the_sources_that_cause_it() {
        let ledger = Ledger::new(1 << 30);
        let start = Instant::now();
        let open = |source, at| ledger.open(party(source, None, false), 1, at);
        let mut inside = Vec::new();
        for _ in 0..1000 {
            let reservation = open(1, start).unwrap();
            reservation.enter();
            inside.push(reservation);
        }
        let other = open(2, start).unwrap();
        other.enter();
        assert!(open(1, start).is_ok(), "nothing was measured yet");
        inside.truncate(990);
        let later = start + Duration::from_secs(1);
        assert_eq!(open(1, later).err(), Some(Refusal::Overloaded), "10 a second for 990");
        assert!(open(2, later).is_ok(), "a source with few requests is no cause");
        drop(inside);
        assert!(open(1, later).is_ok(), "the overload is over");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Open { source: i64, peer: Option<u8>, is_suspect: bool, bytes: usize },
        Extend { which: usize, bytes: usize },
        Shrink { which: usize, bytes: usize },
        Enter { which: usize },
        Drop { which: usize },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let open = (0..4i64, proptest::option::of(0..3u8), any::<bool>(), 0..MAX / 4)
            .prop_map(|(source, peer, is_suspect, bytes)| Step::Open { source, peer, is_suspect, bytes });
        let which = 0..32usize;
        let step = prop_oneof![
            4 => open,
            4 => (which.clone(), 0..MAX / 4).prop_map(|(which, bytes)| Step::Extend { which, bytes }),
            1 => (which.clone(), 0..MAX / 4).prop_map(|(which, bytes)| Step::Shrink { which, bytes }),
            2 => which.clone().prop_map(|which| Step::Enter { which }),
            2 => which.prop_map(|which| Step::Drop { which }),
        ];
        proptest::collection::vec(step, 1..200)
    }

    proptest! {
        #[test]
        fn the_bounds_hold_after_every_step_and_everything_is_given_back(steps in steps()) {
            let ledger = Ledger::new(MAX);
            let mut open: Vec<(Party, Arc<Reservation>)> = Vec::new();
            for step in steps {
                let index = |which: usize| which % open.len().max(1);
                match step {
                    Step::Open { source, peer, is_suspect, bytes } => {
                        let party = party(source, peer, is_suspect);
                        if let Ok(reservation) = ledger.open(party, bytes, Instant::now()) {
                            open.push((party, reservation));
                        }
                    }
                    Step::Extend { which, bytes } => {
                        if let Some((_, reservation)) = open.get(index(which)) {
                            let before = reservation.bytes();
                            let extended = reservation.extend_by(bytes);
                            let expected = before + if extended.is_ok() { bytes } else { 0 };
                            prop_assert_eq!(reservation.bytes(), expected);
                        }
                    }
                    Step::Shrink { which, bytes } => {
                        if let Some((_, reservation)) = open.get(index(which)) {
                            reservation.shrink_by(bytes);
                        }
                    }
                    Step::Enter { which } => {
                        if let Some((_, reservation)) = open.get(index(which)) {
                            reservation.enter();
                        }
                    }
                    Step::Drop { which } if !open.is_empty() => {
                        let which = index(which);
                        open.swap_remove(which);
                    }
                    Step::Drop { .. } => {}
                }
                let shares = ledger.shares();
                prop_assert!(shares.held <= MAX);
                let by_source: usize = shares.sources.iter().map(|source| source.held).sum();
                prop_assert_eq!(by_source, shares.held);
                prop_assert!(shares.sources.iter().all(|source| source.held <= MAX / 2));
                prop_assert!(shares.peers.values().all(|held| *held <= MAX / 2 && *held > 0));
                let used: usize = open.iter().map(|(_, reservation)| reservation.bytes()).sum();
                prop_assert!(used <= shares.held);
                let free = MAX - shares.held;
                drop(shares);
                let newcomer = ledger.open(party(99, Some(99), false), (free / 2).saturating_sub(8192), Instant::now());
                prop_assert!(newcomer.is_ok() || free < 16_384, "a newcomer finds room in {} bytes", free);
            }
            drop(open);
            prop_assert_eq!(ledger.held(), Held { bytes: 0, largest_source: 0, inside: 0 });
            prop_assert!(ledger.shares().peers.is_empty());
            prop_assert_eq!(ledger.shares().active_sources, 0);
        }
    }
}
