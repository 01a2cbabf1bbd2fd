//! The rule for shares of the memory that all requests hold.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
};

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
    pub(super) sources: Vec<SourceShare>,
    /// The indices of `sources` by database id.
    indices: HashMap<i64, usize>,
    /// Only peers that hold something, so the requests bound their number.
    pub(super) peers: HashMap<IpAddr, usize>,
    pub(super) backlog: Backlog,
    /// The number of source environments with a request inside.
    pub(super) active_sources: usize,
}

/// Who a reservation is counted for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Holder {
    /// The index of the source environment, so that it is looked up once.
    source: usize,
    peer: Option<IpAddr>,
    is_suspect: bool,
}

/// The share of one source environment.
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
            sources: Vec::new(),
            indices: HashMap::new(),
            peers: HashMap::new(),
            backlog: Backlog::default(),
            active_sources: 0,
        }
    }

    /// Returns the holder for a party.
    pub(super) fn holder(&mut self, party: Party) -> Holder {
        let Party { source, peer, is_suspect } = party;
        let source = *self.indices.entry(source).or_insert_with(|| {
            self.sources.push(SourceShare::default());
            self.sources.len() - 1
        });
        Holder { source, peer, is_suspect }
    }

    /// Takes more bytes for a holder, or returns the share that they would exceed.
    pub(super) fn take(&mut self, holder: &Holder, more: usize) -> Result<(), Share> {
        let free = self.max.saturating_sub(self.held).checked_sub(more).ok_or(Share::Whole)?;
        let allowed = if holder.is_suspect { free / SUSPECT_DIVISOR } else { free };
        let source = &mut self.sources[holder.source];
        if source.held + more > allowed {
            return Err(Share::Source);
        }
        if let Some(address) = holder.peer {
            let peer = self.peers.entry(address);
            let held = match &peer {
                Entry::Occupied(peer) => peer.get() + more,
                Entry::Vacant(_) => more,
            };
            if held > allowed {
                return Err(Share::Peer);
            }
            peer.insert_entry(held);
        }
        source.held += more;
        self.held += more;
        Ok(())
    }

    /// Gives bytes of a holder back.
    pub(super) fn give_back(&mut self, holder: &Holder, bytes: usize) {
        self.held = self.held.saturating_sub(bytes);
        let source = &mut self.sources[holder.source];
        source.held = source.held.saturating_sub(bytes);
        if let Some(address) = holder.peer
            && let Entry::Occupied(mut peer) = self.peers.entry(address)
        {
            *peer.get_mut() = peer.get().saturating_sub(bytes);
            if *peer.get() == 0 {
                peer.remove();
            }
        }
    }

    /// Counts a request whose body was read.
    pub(super) fn enter(&mut self, holder: &Holder) {
        let source = &mut self.sources[holder.source];
        self.active_sources += usize::from(source.inside == 0);
        source.inside += 1;
        self.backlog.enter();
    }

    /// Counts a request that is answered.
    pub(super) fn leave(&mut self, holder: &Holder) {
        let source = &mut self.sources[holder.source];
        source.inside = source.inside.saturating_sub(1);
        self.active_sources = self.active_sources.saturating_sub(usize::from(source.inside == 0));
        self.backlog.leave();
    }

    /// Returns true if a source environment has at least the mean number of requests inside: of an overload, it is a cause.
    pub(super) fn is_crowding(&self, holder: &Holder) -> bool {
        let inside = self.sources[holder.source].inside;
        inside.saturating_mul(self.active_sources) >= self.backlog.inside()
    }
}
