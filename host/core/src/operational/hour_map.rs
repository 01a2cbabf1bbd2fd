//! A map of hours: in which of the last four weeks' hours something happened.

/// The hours of four weeks.
pub const HOURS: i64 = 28 * 24;
/// The hours of a week.
pub const WEEK: i64 = 7 * 24;

const HOUR_MS: i64 = 60 * 60 * 1000;
const WORDS: usize = 11;
const BITS: i64 = 64 * WORDS as i64;

/// Returns the number of the hour since 1970 that a time is in.
pub fn hour_of(ms: i64) -> i64 {
    ms.div_euclid(HOUR_MS)
}

/// The hours of the last four weeks that are marked. The newest hour moves forward only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourMap {
    newest: i64,
    /// A ring: the bit of an hour is at its number modulo [`BITS`].
    bits: [u64; WORDS],
}

impl HourMap {
    /// The length of [`Self::to_bytes`].
    pub const BYTES: usize = 8 * WORDS;

    /// Makes a map without marks whose newest hour is this one.
    pub fn new(newest: i64) -> Self {
        Self { newest, bits: [0; WORDS] }
    }

    /// Returns the newest hour.
    pub fn newest(&self) -> i64 {
        self.newest
    }

    /// Marks an hour; one that is newer than all becomes the newest. Returns true if it was not marked.
    pub fn mark(&mut self, hour: i64) -> bool {
        if hour > self.newest {
            let cleared = (hour - self.newest).min(BITS);
            for forgotten in hour - cleared + 1..=hour {
                let (word, bit) = place(forgotten);
                self.bits[word] &= !bit;
            }
            self.newest = hour;
        }
        if hour <= self.newest - HOURS || self.has(hour) {
            return false;
        }
        let (word, bit) = place(hour);
        self.bits[word] |= bit;
        true
    }

    /// Returns true if an hour is marked. Those older than four weeks are not.
    pub fn has(&self, hour: i64) -> bool {
        let (word, bit) = place(hour);
        hour <= self.newest && hour > self.newest - HOURS && self.bits[word] & bit != 0
    }

    /// Returns the marked hours after `since`, in order.
    pub fn marked_after(&self, since: i64) -> impl Iterator<Item = i64> + '_ {
        (since.max(self.newest - HOURS) + 1..=self.newest).filter(|hour| self.has(*hour))
    }

    /// Returns the marks, to be stored with the newest hour.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bits.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// Reads stored marks; none if they have another length.
    pub fn from_bytes(newest: i64, bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let bits: [u64; WORDS] =
            words.iter().map(|word| u64::from_be_bytes(*word)).collect::<Vec<_>>().try_into().ok()?;
        rest.is_empty().then_some(Self { newest, bits })
    }
}

/// Returns the word of an hour, and its bit in there.
fn place(hour: i64) -> (usize, u64) {
    let at = hour.rem_euclid(BITS).unsigned_abs();
    ((at / 64) as usize, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// It holds the marked hours of the last four weeks, and reads back.
        #[test]
        fn it_is_a_set_of_the_last_hours(steps in prop::collection::vec(-800_i64..800, 1..60)) {
            let (mut map, mut set, mut newest) = (HourMap::new(0), BTreeSet::new(), 0);
            for step in steps {
                let hour = newest + step;
                newest = newest.max(hour);
                let is_new = hour > newest - HOURS && !set.contains(&hour);
                prop_assert_eq!(map.mark(hour), is_new);
                if is_new {
                    set.insert(hour);
                }
                set.retain(|hour| *hour > newest - HOURS);
                prop_assert_eq!(map.marked_after(i64::MIN / 2).collect::<Vec<_>>(), set.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(HourMap::from_bytes(map.newest(), &map.to_bytes()), Some(map));
            }
        }
    }

    #[test]
    fn other_bytes_are_no_map() {
        assert_eq!(HourMap::from_bytes(0, &[]), None);
        assert_eq!(HourMap::from_bytes(0, &[0; HourMap::BYTES + 1]), None);
    }
}
