//! The bytes of refused requests that are kept, bounded for each source environment by the minute.
//!
//! Anybody can send requests that are refused. What is kept of them is written twice, to the log of the database and to its
//! file, so that a flood of large bodies would cost the disk more than all that is accepted.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// The bytes of requests that are kept in part in a minute, beyond those that are kept whole.
const PART_PER_MINUTE: u64 = 8 << 20;

/// The part of a refused request's body that is kept. Size and digest always are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeptBody {
    /// All of it.
    Whole,
    /// Its first bytes.
    Part,
    /// Nothing.
    Nothing,
}

/// The budgets of all source environments that refused a request.
pub(crate) struct RefusalBudgets {
    /// The bytes of requests that are kept whole in a minute.
    whole_per_minute: u64,
    by_source: Mutex<HashMap<i64, Budget>>,
}

/// The budget of a source environment.
struct Budget {
    whole: Bucket,
    part: Bucket,
}

/// Bytes that fill up again in a minute.
struct Bucket {
    left: u64,
    at: Instant,
}

impl RefusalBudgets {
    pub(crate) fn new(whole_per_minute: u64) -> Self {
        Self { whole_per_minute, by_source: Mutex::default() }
    }

    /// Takes the bytes of a request, body and head, from a source environment's budget; `part` are those that are kept of it
    /// in part.
    pub(crate) fn take(&self, source: i64, whole: u64, part: u64, now: Instant) -> KeptBody {
        let mut budgets = self.by_source.lock().unwrap_or_else(PoisonError::into_inner);
        let full = || Budget {
            whole: Bucket { left: self.whole_per_minute, at: now },
            part: Bucket { left: PART_PER_MINUTE, at: now },
        };
        let budget = budgets.entry(source).or_insert_with(full);
        if budget.whole.take(whole, self.whole_per_minute, now) {
            KeptBody::Whole
        } else if budget.part.take(part, PART_PER_MINUTE, now) {
            KeptBody::Part
        } else {
            KeptBody::Nothing
        }
    }
}

impl Bucket {
    fn take(&mut self, bytes: u64, per_minute: u64, now: Instant) -> bool {
        let elapsed_ms = u64::try_from(now.saturating_duration_since(self.at).as_millis()).unwrap_or(u64::MAX);
        let filled = elapsed_ms.min(60_000) * per_minute / 60_000;
        // Time that does not make a byte is not lost.
        if filled > 0 {
            (self.left, self.at) = ((self.left + filled).min(per_minute), now);
        }
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const WHOLE_PER_MINUTE: u64 = 64 << 20;
    const LARGE: u64 = 31 << 20;
    const PART: u64 = 64 << 10;

    #[test]
    fn a_flood_of_large_bodies_is_kept_whole_then_in_part_then_not_at_all() {
        let (budgets, start) = (RefusalBudgets::new(WHOLE_PER_MINUTE), Instant::now());
        let take = |source, now| budgets.take(source, LARGE, PART, now);
        assert_eq!([take(1, start), take(1, start)], [KeptBody::Whole; 2]);
        for _ in 0..PART_PER_MINUTE / PART {
            assert_eq!(take(1, start), KeptBody::Part);
        }
        assert_eq!(take(1, start), KeptBody::Nothing);
        assert_eq!(take(2, start), KeptBody::Whole, "every source environment has its own");
        assert_eq!(take(1, start + Duration::from_secs(1)), KeptBody::Part, "a second makes room for two parts");
        assert_eq!(take(1, start + Duration::from_secs(40)), KeptBody::Whole);
        assert_eq!(take(1, start + Duration::from_secs(4000)), KeptBody::Whole);
    }

    #[test]
    fn without_a_budget_only_parts_are_kept() {
        let (budgets, start) = (RefusalBudgets::new(0), Instant::now());
        assert_eq!(budgets.take(1, 1, 1, start), KeptBody::Part);
        assert_eq!(budgets.take(1, 1, 1, start + Duration::from_secs(600)), KeptBody::Part);
    }

    #[test]
    fn in_any_minute_at_most_two_budgets_are_written() {
        let (budgets, start) = (RefusalBudgets::new(WHOLE_PER_MINUTE), Instant::now());
        let mut kept = 0;
        for number in 0..60_000_u64 {
            match budgets.take(1, 100 << 10, PART, start + Duration::from_millis(number)) {
                KeptBody::Whole => kept += 100 << 10,
                KeptBody::Part => kept += PART,
                KeptBody::Nothing => {}
            }
        }
        assert!(kept <= 2 * (WHOLE_PER_MINUTE + PART_PER_MINUTE), "{kept}");
        assert!(kept >= WHOLE_PER_MINUTE + PART_PER_MINUTE, "{kept}");
    }
}
