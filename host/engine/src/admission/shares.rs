//! The rule for shares of the memory that all requests hold.

use std::{collections::HashMap, net::IpAddr};

use super::{backlog::Backlog, ledger::Party};

/// The part of its share that a suspect request may use: a divisor.
const SUSPECT_DIVISOR: usize = 4;

/// The share that a request would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// The bytes of all requests.
    Whole,
    /// The share of the source environment.
    Source,
    /// The share of the peer address.
    Peer,
}

/// The bytes that are held, in all, by source environment and by peer address.
///
/// A source environment or a peer may hold as many bytes as stay free: one alone takes at most half, two take two thirds
/// together, and a request of a newcomer that needs at most half of what is free is always admitted.
pub(super) struct Shares {
    pub(super) max: usize,
    pub(super) held: usize,
    /// One entry for every source environment seen; the operator's configuration bounds their number.
    pub(super) sources: HashMap<i64, SourceShare>,
    /// Only peers that hold something, so the requests bound their number.
    pub(super) peers: HashMap<IpAddr, usize>,
    pub(super) backlog: Backlog,
    /// The number of source environments with a request inside.
    pub(super) active_sources: usize,
}

/// What one source environment holds.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct SourceShare {
    pub(super) held: usize,
    /// The requests whose body was read and that are not answered yet.
    pub(super) inside: usize,
}

impl Shares {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            held: 0,
            sources: HashMap::new(),
            peers: HashMap::new(),
            backlog: Backlog::default(),
            active_sources: 0,
        }
    }

    /// Takes more bytes for a party, or returns the share that they would exceed.
    pub(super) fn take(&mut self, party: &Party, more: usize) -> Result<(), Share> {
        let free = self.max.saturating_sub(self.held).checked_sub(more).ok_or(Share::Whole)?;
        let allowed = if party.is_suspect { free / SUSPECT_DIVISOR } else { free };
        let source = self.sources.entry(party.source).or_default();
        if source.held + more > allowed {
            return Err(Share::Source);
        }
        if let Some(address) = party.peer {
            let held = self.peers.get(&address).copied().unwrap_or_default();
            if held + more > allowed {
                return Err(Share::Peer);
            }
            self.peers.insert(address, held + more);
        }
        source.held += more;
        self.held += more;
        Ok(())
    }

    /// Gives bytes of a party back.
    pub(super) fn give_back(&mut self, party: &Party, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
        if let Some(source) = self.sources.get_mut(&party.source) {
            source.held = source.held.saturating_sub(bytes);
        }
        if let Some(address) = party.peer
            && let Some(held) = self.peers.get_mut(&address)
        {
            *held = held.saturating_sub(bytes);
            if *held == 0 {
                self.peers.remove(&address);
            }
        }
    }

    /// Counts a request whose body was read.
    pub(super) fn enter(&mut self, source: i64) {
        let source = self.sources.entry(source).or_default();
        self.active_sources += usize::from(source.inside == 0);
        source.inside += 1;
        self.backlog.enter();
    }

    /// Counts a request that is answered.
    pub(super) fn leave(&mut self, source: i64) {
        if let Some(source) = self.sources.get_mut(&source) {
            source.inside = source.inside.saturating_sub(1);
            self.active_sources -= usize::from(source.inside == 0);
        }
        self.backlog.leave();
    }

    /// Returns true if a source environment has at least the mean number of requests inside: of an overload, it is a cause.
    pub(super) fn is_crowding(&self, source: i64) -> bool {
        let inside = self.sources.get(&source).map_or(0, |source| source.inside);
        inside.saturating_mul(self.active_sources) >= self.backlog.inside()
    }
}
