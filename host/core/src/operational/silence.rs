//! Silence: whether events of a type are missing, judged by their own rhythm.
//!
//! All that is known of a type are the hours of the last four weeks in which it came, and of the server the hours in which it
//! was there to see. A type is silent by one of two rules, once it is known for a week (or came in each of 48 hours):
//!
//! - its pause is more than twice its longest one, and at least two hours;
//! - it did not come in three hours of the week in which it came in each of the weeks before (two at least), and in more than
//!   twice as many as in any earlier pause.
//!
//! The first rule finds the end of what comes round the clock in two hours, and of anything at last. The second finds on
//! Monday at eleven that what comes in business hours does not come, while nights and weekends are no silence.

use super::hour_map::{HourMap, WEEK};

/// The shortest pause that can be a silence, in hours.
const MIN_PAUSE: i64 = 2;
/// The hours in a row after which a type is known as one that comes round the clock.
const ROUND_THE_CLOCK: i64 = 48;
/// The fewest different hours in which a type came: of fewer there is no rhythm.
const MIN_HOURS: usize = 4;
/// The fewest missed hours.
const MIN_MISSED: i64 = 3;

/// A silence, in hours in which the server was there to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// The length of the present pause.
    pub pause: i64,
    /// The longest pause before.
    pub usual: i64,
    /// The hours of the present pause in which the type came in each week before.
    pub missed: i64,
}

/// Returns the silence of a type now, if it is silent. `came` marks the hours in which it came, `watched` those in which the
/// server was there to see; `now` is the present hour, which does not count yet.
pub fn silence(came: &HourMap, watched: &HourMap, now: i64) -> Option<Silence> {
    let hours: Vec<i64> = came.marked_after(i64::MIN / 2).collect();
    let (first, last) = (*hours.first()?, *hours.last()?);
    if hours.len() < MIN_HOURS || !is_known(came, first, last) {
        return None;
    }
    let pause = Pause::between(last, now, came, watched, first);
    let before = hours.windows(2).filter_map(|pair| match pair {
        [from, to] => Some(Pause::between(*from, *to, came, watched, first)),
        _ => None,
    });
    let usual = before.fold(Pause::default(), |longest, found| Pause {
        hours: longest.hours.max(found.hours),
        missed: longest.missed.max(found.missed),
    });
    let is_long = pause.hours >= MIN_PAUSE && pause.hours > 2 * usual.hours;
    let has_missed = pause.missed >= MIN_MISSED && pause.missed > 2 * usual.missed;
    (is_long || has_missed).then_some(Silence { pause: pause.hours, usual: usual.hours, missed: pause.missed })
}

/// Returns true if a whole week is known, or if it came in each of many hours in a row until the last.
fn is_known(came: &HourMap, first: i64, last: i64) -> bool {
    last - first >= WEEK || (last - ROUND_THE_CLOCK + 1..=last).all(|hour| came.has(hour))
}

/// The time between two hours in which a type came, without both.
#[derive(Debug, Clone, Copy, Default)]
struct Pause {
    hours: i64,
    missed: i64,
}

impl Pause {
    fn between(from: i64, to: i64, came: &HourMap, watched: &HourMap, first: i64) -> Self {
        let mut pause = Self::default();
        // A server that did not watch saw nothing, and a map of four weeks bounds the rest.
        for hour in watched.marked_after(from).take_while(|hour| *hour < to) {
            pause.hours += 1;
            pause.missed += i64::from(is_expected(hour, came, watched, first));
        }
        pause
    }
}

/// Returns true if the type came in this hour of the week in each week that is known before it, two at least.
fn is_expected(hour: i64, came: &HourMap, watched: &HourMap, first: i64) -> bool {
    let weeks = (1..4).map(|week| hour - week * WEEK).filter(|hour| *hour >= first && watched.has(*hour));
    let (known, in_them) =
        weeks.fold((0, 0), |(known, in_them), hour| (known + 1, in_them + i32::from(came.has(hour))));
    known >= 2 && in_them == known
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::operational::hour_map::HOURS;

    /// A Monday at 0:00, in hours since 1970.
    const MONDAY: i64 = 2_900 * WEEK + 4 * 24;

    /// A server that watches for some weeks while a type comes in these hours. Returns the first hour in which it is silent.
    fn first_silence(until: i64, comes: impl Fn(i64) -> bool, watches: impl Fn(i64) -> bool) -> Option<(i64, Silence)> {
        let (mut came, mut watched) = (HourMap::new(MONDAY), HourMap::new(MONDAY));
        (0..until).find_map(|hour| {
            let found = silence(&came, &watched, MONDAY + hour).map(|silence| (hour, silence));
            if watches(hour) {
                watched.mark(MONDAY + hour);
                if comes(hour) {
                    came.mark(MONDAY + hour);
                }
            }
            found
        })
    }

    fn in_business_hours(hour: i64) -> bool {
        hour % WEEK < 5 * 24 && (8..18).contains(&(hour % 24))
    }

    #[test]
    fn what_comes_each_minute_is_silent_after_two_hours() {
        let until = |end: i64| first_silence(40 * 24, move |hour| hour < end, |_| true);
        assert_eq!(until(40 * 24), None);
        // Known after two days.
        assert_eq!(until(47), None);
        for end in [48, 100, 800] {
            let silence = Silence { pause: 2, usual: 0, missed: until(end).unwrap().1.missed };
            assert_eq!(until(end), Some((end + 2, silence)));
        }
    }

    #[test]
    fn what_comes_in_business_hours_is_missed_on_monday_at_eleven_and_not_before() {
        assert_eq!(first_silence(12 * WEEK, in_business_hours, |_| true), None);
        // It ends on Friday evening of the fourth week.
        let ends = |hour: i64| in_business_hours(hour) && hour < 4 * WEEK - 2 * 24;
        let (hour, silence) = first_silence(12 * WEEK, ends, |_| true).unwrap();
        assert_eq!((hour, silence.missed), (4 * WEEK + 11, 3));
        // In the first weeks only the longest pause, the weekend, is known.
        let ends = |hour: i64| in_business_hours(hour) && hour < WEEK + 18;
        let (hour, silence) = first_silence(12 * WEEK, ends, |_| true).unwrap();
        assert_eq!((silence.usual, silence.pause), (62, 125));
        assert_eq!(hour, WEEK + 18 + 125);
    }

    #[test]
    fn what_comes_once_a_week_is_silent_after_two_missed_ones() {
        let comes = |until: i64| first_silence(12 * WEEK, move |hour| hour % WEEK == 30 && hour < until, |_| true);
        assert_eq!(comes(12 * WEEK), None);
        let (hour, silence) = comes(4 * WEEK).unwrap();
        assert_eq!((silence.usual, silence.pause), (167, 335));
        assert_eq!(hour, 3 * WEEK + 30 + 336);
        assert_eq!(comes(3 * WEEK), None, "three times are no rhythm");
    }

    #[test]
    fn a_burst_or_a_new_type_is_never_silent() {
        assert_eq!(first_silence(12 * WEEK, |hour| (10..16).contains(&hour), |_| true), None);
        assert_eq!(first_silence(12 * WEEK, |hour| hour < 47, |_| true), None);
        assert_eq!(first_silence(12 * WEEK, |hour| in_business_hours(hour) && hour < 4 * 24, |_| true), None);
        assert_eq!(silence(&HourMap::new(MONDAY), &HourMap::new(MONDAY), MONDAY), None);
    }

    #[test]
    fn a_server_that_was_off_saw_no_silence() {
        // Off for a week, and the type comes again an hour after the start.
        let is_off = |hour: i64| (1000..1000 + WEEK).contains(&hour);
        let comes = |hour: i64| !is_off(hour) && hour != 1000 + WEEK;
        assert_eq!(first_silence(1400, comes, |hour| !is_off(hour)), None);
    }

    proptest! {
        /// What keeps a weekly rhythm is never silent, whatever the rhythm is and whenever it began.
        #[test]
        fn a_weekly_rhythm_is_never_silent(
            pattern in prop::collection::btree_set(0..WEEK, 1..40),
            begin in 0..WEEK,
        ) {
            let comes = |hour: i64| hour >= begin && pattern.contains(&(hour % WEEK));
            prop_assert_eq!(first_silence(6 * WEEK, comes, |_| true), None);
        }

        /// What had a rhythm for three weeks and ends is silent before its last hours are forgotten, and not at once.
        #[test]
        fn what_ends_becomes_silent(pattern in prop::collection::btree_set(0..WEEK, 3..60)) {
            let comes = |hour: i64| hour < 3 * WEEK && pattern.contains(&(hour % WEEK));
            let last = 2 * WEEK + pattern.iter().max().unwrap();
            let found = first_silence(3 * WEEK + HOURS, comes, |_| true);
            let (hour, _) = found.unwrap();
            prop_assert!(hour > last + MIN_PAUSE && hour <= last + 2 * WEEK);
        }

        /// However rarely the server watches, what it did not see is no silence.
        #[test]
        fn what_nobody_watches_is_no_silence(watch in prop::collection::vec(any::<bool>(), 800..1400)) {
            let watches = |hour: i64| watch.get(usize::try_from(hour).unwrap()).copied().unwrap_or(false);
            prop_assert_eq!(first_silence(watch.len() as i64 + HOURS, |_| true, watches), None);
        }

        /// An event ends every silence.
        #[test]
        fn an_event_ends_a_silence(hours in prop::collection::btree_set(0..HOURS, 0..200)) {
            let (mut came, mut watched) = (HourMap::new(MONDAY), HourMap::new(MONDAY));
            (0..HOURS).for_each(|hour| _ = watched.mark(MONDAY + hour));
            hours.iter().for_each(|hour| _ = came.mark(MONDAY + hour));
            came.mark(MONDAY + HOURS);
            prop_assert_eq!(silence(&came, &watched, MONDAY + HOURS), None);
            prop_assert_eq!(silence(&came, &watched, MONDAY + HOURS + 1), None);
        }
    }
}
