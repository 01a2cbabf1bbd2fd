//! The times that the stages of a request took, in one integer.

use std::time::{Duration, Instant};

/// The stages whose times are stored with an event, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimedStage {
    /// Reading the body.
    Receive,
    /// Checking the credential.
    Verify,
    /// The plugin's translation.
    Translate,
    /// Cutting out values and resolving mappings.
    Plan,
    /// Waiting for the turn of the transaction, and settling in it. What comes after is not known when the event is written.
    Settle,
}

/// The bits of one time: an exponent of 5 bits and 7 bits of the number.
const BITS: u32 = 12;
/// The bits of the number.
const MANTISSA: u32 = 7;

/// The times that the stages of an event's request took, each with an error below 1 %. All items of a request share them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StageTimes {
    packed: u64,
    /// The time at which the last stage began that is not over; none for times that were read back.
    since: Option<Instant>,
}

impl StageTimes {
    /// Returns the times with that of one more stage.
    pub fn with(self, stage: TimedStage, took: Duration) -> Self {
        let shift = stage as u32 * BITS;
        Self { packed: self.packed & !(0xfff << shift) | pack(took) << shift, ..self }
    }

    /// Returns the times with the begin of the last stage, which ends when the event is written.
    pub fn settling_since(self, since: Instant) -> Self {
        Self { since: Some(since), ..self }
    }

    /// Returns the stored form of an event that is written at a time.
    pub fn stored(self, at: Instant) -> i64 {
        let settled = self.since.map(|since| at.saturating_duration_since(since));
        settled.map_or(self, |took| self.with(TimedStage::Settle, took)).packed.cast_signed()
    }

    /// Reads the stored form.
    pub fn from_stored(stored: i64) -> Self {
        Self { packed: stored.cast_unsigned(), since: None }
    }

    /// Returns the time of a stage, in microseconds.
    pub fn micros(self, stage: TimedStage) -> u64 {
        unpack(self.packed >> (stage as u32 * BITS) & 0xfff)
    }
}

/// Returns the code of a time: microseconds up to 255 as they are, then the upper eight bits of their number.
fn pack(took: Duration) -> u64 {
    let longest = unpack(0xfff);
    let micros = u64::try_from(took.as_micros()).unwrap_or(longest).min(longest);
    let exponent = (u64::BITS - micros.leading_zeros()).saturating_sub(MANTISSA);
    match exponent {
        0 => micros,
        _ => u64::from(exponent) << MANTISSA | (micros >> (exponent - 1) & 0x7f),
    }
}

fn unpack(code: u64) -> u64 {
    let (exponent, number) = (code >> MANTISSA, code & 0x7f);
    match exponent {
        0 => number,
        _ => (0x80 | number) << (exponent - 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [TimedStage; 5] =
        [TimedStage::Receive, TimedStage::Verify, TimedStage::Translate, TimedStage::Plan, TimedStage::Settle];

    proptest! {
        #[test]
        fn every_time_reads_back_with_an_error_below_one_percent(times in proptest::array::uniform5(0_u64..1 << 37)) {
            let mut all = StageTimes::default();
            for (stage, micros) in ALL.into_iter().zip(times) {
                all = all.with(stage, Duration::from_micros(micros));
            }
            let read = StageTimes::from_stored(all.stored(Instant::now()));
            for (stage, micros) in ALL.into_iter().zip(times) {
                let found = read.micros(stage);
                prop_assert!(found <= micros && micros - found <= micros / 128, "{found} for {micros}");
            }
        }

        #[test]
        fn a_longer_time_is_never_read_as_a_shorter_one(a in 0_u64..u64::MAX, b in 0_u64..u64::MAX) {
            let read = |micros| unpack(pack(Duration::from_micros(micros)));
            prop_assert_eq!(read(a.min(b)) <= read(a.max(b)), true);
        }
    }

    #[test]
    fn short_times_are_exact_and_the_longest_is_kept() {
        for micros in 0..256 {
            assert_eq!(unpack(pack(Duration::from_micros(micros))), micros);
        }
        assert_eq!(pack(Duration::MAX), 0xfff);
    }

    #[test]
    fn the_last_stage_ends_when_the_event_is_written() {
        let begin = Instant::now();
        let times = StageTimes::default().with(TimedStage::Plan, Duration::from_micros(7)).settling_since(begin);
        let read = StageTimes::from_stored(times.stored(begin + Duration::from_millis(2)));
        assert_eq!(ALL.map(|stage| read.micros(stage)), [0, 0, 0, 7, 2000]);
    }
}
