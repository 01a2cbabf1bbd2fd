//! A queue that is fair between flows: deficit round robin (Shreedhar and Varghese, 1995).
//!
//! Each flow has its turn. In its turn it may take entries up to a quantum of cost, and what it does not use is kept for
//! its next turn. So a flow with large entries gets no more than a flow with small ones, and a flow that is alone gets
//! everything.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// The cost that a flow may take in one turn, for each unit of its weight.
pub(super) const QUANTUM: u64 = 32 * 1024;

/// The key of a flow.
pub(super) trait Flow: Copy + Eq + Hash {
    /// The flow's share in relation to other flows; at least 1.
    fn weight(self) -> u64;
}

/// Entries and their cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) entries: usize,
    pub(super) cost: u64,
}

/// Entries of many flows, each first in, first out.
pub(super) struct FairQueue<F, T> {
    flows: HashMap<F, Lane<T>>,
    /// The flows with entries, the one whose turn it is first.
    turns: VecDeque<F>,
    load: Load,
}

struct Lane<T> {
    entries: VecDeque<(u64, T)>,
    cost: u64,
    /// The cost that the flow may still take.
    deficit: u64,
    /// True if the flow was given its quantum for this turn.
    is_in_turn: bool,
}

impl<F, T> Default for FairQueue<F, T> {
    fn default() -> Self {
        Self { flows: HashMap::new(), turns: VecDeque::new(), load: Load::default() }
    }
}

impl<F: Flow, T> FairQueue<F, T> {
    pub(super) fn push(&mut self, flow: F, cost: u64, entry: T) {
        self.lane_for(flow, cost).entries.push_back((cost, entry));
    }

    /// Adds an entry before those of its flow. Of an entry that was taken before, the flow pays the cost once more, so that
    /// it gets no more than its share.
    pub(super) fn push_front(&mut self, flow: F, cost: u64, entry: T) {
        self.lane_for(flow, cost).entries.push_front((cost, entry));
    }

    /// Returns the lane of a flow, for an entry of this cost, which is counted.
    fn lane_for(&mut self, flow: F, cost: u64) -> &mut Lane<T> {
        self.load.entries += 1;
        self.load.cost += cost;
        let lane = self.flows.entry(flow).or_insert_with(|| {
            self.turns.push_back(flow);
            Lane { entries: VecDeque::new(), cost: 0, deficit: 0, is_in_turn: false }
        });
        lane.cost += cost;
        lane
    }

    /// Takes the entry whose turn it is, with its cost. A flow whose first entry is not wanted is passed over: it keeps its
    /// turn, and the other flows go on.
    ///
    /// `passed` is the number of flows that earlier calls passed over, which are not asked about again: 0 in the first of a
    /// series of calls, between which nothing else may change the queue.
    pub(super) fn take_if(&mut self, passed: &mut usize, is_wanted: impl Fn(&T) -> bool) -> Option<(u64, T)> {
        loop {
            let flow = *self.turns.get(*passed)?;
            let is_alone = self.turns.len() == *passed + 1;
            let Some(lane) = self.flows.get_mut(&flow) else {
                self.turns.remove(*passed);
                continue;
            };
            if !lane.is_in_turn {
                lane.deficit = lane.deficit.saturating_add(QUANTUM * flow.weight());
                lane.is_in_turn = true;
            }
            let Some((cost, entry)) = lane.entries.front() else {
                self.remove(*passed);
                continue;
            };
            if *cost > lane.deficit && !is_alone {
                lane.is_in_turn = false;
                self.turns.remove(*passed);
                self.turns.push_back(flow);
                continue;
            }
            if !is_wanted(entry) {
                *passed += 1;
                continue;
            }
            lane.deficit = lane.deficit.saturating_sub(*cost);
            let taken = lane.entries.pop_front();
            let cost = taken.as_ref().map_or(0, |(cost, _)| *cost);
            lane.cost -= cost;
            self.load.entries -= 1;
            self.load.cost -= cost;
            if lane.entries.is_empty() {
                self.remove(*passed);
            }
            return taken;
        }
    }

    /// Removes the flow at a place of the turns. One that comes again starts without a deficit.
    fn remove(&mut self, place: usize) {
        if let Some(flow) = self.turns.remove(place) {
            self.flows.remove(&flow);
        }
    }

    /// Removes and returns the entries for which `is_kept` returns false.
    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&T) -> bool) -> Vec<T> {
        let mut removed = Vec::new();
        for lane in self.flows.values_mut() {
            if lane.entries.iter().all(|(_, entry)| is_kept(entry)) {
                continue;
            }
            for (cost, entry) in std::mem::take(&mut lane.entries) {
                if is_kept(&entry) {
                    lane.entries.push_back((cost, entry));
                } else {
                    lane.cost -= cost;
                    self.load.entries -= 1;
                    self.load.cost -= cost;
                    removed.push(entry);
                }
            }
        }
        self.flows.retain(|_, lane| !lane.entries.is_empty());
        self.turns.retain(|flow| self.flows.contains_key(flow));
        removed
    }

    /// Returns the load of all flows.
    pub(super) fn load(&self) -> Load {
        self.load
    }

    /// Returns the flows with entries.
    pub(super) fn flows(&self) -> impl Iterator<Item = F> {
        self.turns.iter().copied()
    }

    /// Returns the load of one flow.
    pub(super) fn load_of(&self, flow: F) -> Load {
        self.flows.get(&flow).map_or(Load::default(), |lane| Load { entries: lane.entries.len(), cost: lane.cost })
    }

    /// Returns about the cost that is taken before an entry that this flow would push now.
    pub(super) fn cost_before(&self, flow: F) -> u64 {
        let own = self.load_of(flow).cost;
        let others = self.turns.iter().filter(|other| **other != flow).map(|other| {
            // While the flow takes its own, another one takes as much in relation to the weights, and one entry.
            let lane = self.flows.get(other);
            let share = (own + QUANTUM * flow.weight()) * other.weight() / flow.weight();
            let entry = lane.and_then(|lane| lane.entries.front()).map_or(0, |(cost, _)| *cost);
            lane.map_or(0, |lane| lane.cost).min(share.max(entry))
        });
        own + others.sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    impl Flow for u8 {
        fn weight(self) -> u64 {
            1
        }
    }

    fn queue(entries: &[(u8, u64)]) -> FairQueue<u8, usize> {
        let mut queue = FairQueue::default();
        for (index, (flow, cost)) in entries.iter().enumerate() {
            queue.push(*flow, *cost, index);
        }
        queue
    }

    impl<F: Flow, T> FairQueue<F, T> {
        fn take(&mut self) -> Option<(u64, T)> {
            self.take_if(&mut 0, |_| true)
        }
    }

    /// Takes what is wanted until nothing more is.
    fn gather(queue: &mut FairQueue<u8, usize>, is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut passed = 0;
        std::iter::from_fn(|| queue.take_if(&mut passed, |entry| is_wanted(*entry))).map(|(_, entry)| entry).collect()
    }

    #[test]
    fn an_entry_that_is_not_wanted_stays_and_the_other_flows_go_on() {
        let mut queue = queue(&[(1, 5), (1, 6), (2, 7), (3, 8), (2, 9)]);
        assert_eq!(gather(&mut queue, |entry| entry > 0 && entry != 3), [2, 4], "a flow stays in order");
        assert_eq!(queue.load(), Load { entries: 3, cost: 19 });
        assert_eq!(gather(&mut queue, |_| true), [0, 1, 3], "the flows that were passed over are first");
        assert_eq!(queue.load(), Load::default());
    }

    #[test]
    fn a_large_entry_that_does_not_fit_stops_no_small_ones_and_is_next() {
        let mut queue = queue(&[(1, QUANTUM), (2, 100), (3, 100), (2, 100)]);
        assert_eq!(gather(&mut queue, |entry| entry != 0), [1, 3, 2]);
        queue.push(2, 100, 4);
        queue.push(3, 100, 5);
        assert_eq!(queue.take(), Some((QUANTUM, 0)));
    }

    #[test]
    fn a_single_entry_of_another_flow_is_taken_after_one_turn() {
        let mut queue = queue(&[(1, 8 * QUANTUM); 1000]);
        queue.take().unwrap();
        queue.push(2, 100, usize::MAX);
        let position = (0..).find(|_| queue.take().unwrap().1 == usize::MAX).unwrap();
        assert!(position <= 1, "taken at position {position}");
    }

    #[test]
    fn a_large_entry_waits_for_its_share_and_no_longer() {
        let mut queue = queue(&[(1, 10 * QUANTUM)]);
        for index in 0..1000 {
            queue.push(2, QUANTUM, index);
        }
        let position = (0..).find(|_| queue.take().unwrap().0 == 10 * QUANTUM).unwrap();
        assert!((8..=10).contains(&position), "taken at position {position}");
    }

    #[test]
    fn an_entry_that_is_put_back_is_the_first_of_its_flow() {
        let mut queue = queue(&[(1, 5), (1, 6), (2, 7)]);
        let taken = [queue.take().unwrap(), queue.take().unwrap(), queue.take().unwrap()];
        assert_eq!(taken, [(5, 0), (6, 1), (7, 2)]);
        queue.push(1, 8, 3);
        queue.push_front(1, 6, 1);
        queue.push_front(2, 7, 2);
        assert_eq!(queue.load(), Load { entries: 3, cost: 21 });
        assert_eq!(queue.load_of(1), Load { entries: 2, cost: 14 });
        assert_eq!(
            [queue.take(), queue.take(), queue.take(), queue.take()],
            [Some((6, 1)), Some((8, 3)), Some((7, 2)), None]
        );
    }

    #[test]
    fn a_removed_entry_takes_its_cost_along() {
        let mut queue = queue(&[(1, 5), (1, 6), (2, 7)]);
        let mut removed = queue.retain(|entry| *entry == 1);
        removed.sort_unstable();
        assert_eq!(removed, [0, 2]);
        assert_eq!(queue.load(), Load { entries: 1, cost: 6 });
        assert_eq!(queue.load_of(2), Load::default());
        assert_eq!(queue.take(), Some((6, 1)));
        assert_eq!(queue.take(), None);
    }

    proptest! {
        /// Every entry is taken in some series, whichever entries each series does not want.
        #[test]
        fn nothing_is_lost_where_flows_are_passed_over(
            entries in prop::collection::vec((0u8..5, 0u64..200_000), 1..100),
            divisor in 2usize..5,
        ) {
            let mut queue = queue(&entries);
            let mut taken = gather(&mut queue, |entry| entry % divisor != 0);
            taken.extend(gather(&mut queue, |_| true));
            for flow in 0..5 {
                let of_flow: Vec<usize> = taken.iter().copied().filter(|index| entries[*index].0 == flow).collect();
                prop_assert!(of_flow.is_sorted());
            }
            prop_assert_eq!(taken.len(), entries.len());
            prop_assert_eq!(queue.load(), Load::default());
        }

        /// Every entry is taken once, those of a flow in order, and the load is the sum of what is there.
        #[test]
        fn nothing_is_lost_and_flows_stay_in_order(entries in prop::collection::vec((0u8..5, 0u64..200_000), 0..200)) {
            let mut queue = queue(&entries);
            let mut left: u64 = entries.iter().map(|(_, cost)| cost).sum();
            let mut taken: Vec<usize> = Vec::new();
            while let Some((cost, index)) = queue.take() {
                left -= cost;
                prop_assert_eq!(queue.load(), Load { entries: entries.len() - taken.len() - 1, cost: left });
                taken.push(index);
            }
            prop_assert_eq!(taken.len(), entries.len());
            for flow in 0..5 {
                let of_flow: Vec<usize> = taken.iter().copied().filter(|index| entries[*index].0 == flow).collect();
                prop_assert!(of_flow.is_sorted());
            }
        }

        /// While two flows have entries, what they have taken differs by at most a quantum and an entry each.
        #[test]
        fn flows_share_alike(
            first in prop::collection::vec(1u64..200_000, 50..100),
            second in prop::collection::vec(1u64..200_000, 50..100),
        ) {
            let largest = first.iter().chain(&second).copied().max().unwrap_or_default();
            let mut queue = FairQueue::default();
            first.iter().for_each(|cost| queue.push(1u8, *cost, 1u8));
            second.iter().for_each(|cost| queue.push(2u8, *cost, 2u8));
            let mut taken = [0u64; 3];
            while queue.load_of(1).entries > 0 && queue.load_of(2).entries > 0 {
                let (cost, flow) = queue.take().unwrap();
                taken[usize::from(flow)] += cost;
                prop_assert!(taken[1].abs_diff(taken[2]) <= 2 * (QUANTUM + largest));
            }
        }
    }
}
