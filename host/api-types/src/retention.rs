//! The part of what came that an environment keeps.

use crate::environments::Environment;

/// The time for which an environment keeps logs and bodies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Retention of logs, in days.
    pub days: i64,
    /// Retention of bodies, in days; none for that of logs. Bodies are never kept for longer than their logs.
    pub body_days: Option<i64>,
    /// True if only failed and rejected events keep their bodies.
    pub only_failures: bool,
}

impl Environment {
    /// Returns its retention.
    pub fn retention(&self) -> Retention {
        Retention {
            days: self.retention_days,
            body_days: self.body_retention_days,
            only_failures: self.keep_bodies == "failures",
        }
    }
}

impl Retention {
    fn bodies(&self) -> i64 {
        self.body_days.map_or(self.days, |days| days.min(self.days))
    }

    /// Returns what is deleted once this becomes `after`, in words; empty if all is kept. It cannot be restored.
    pub fn deleted_by(&self, after: &Self) -> Vec<String> {
        let mut deleted = Vec::new();
        if after.days < self.days {
            let days = after.days;
            deleted
                .push(format!("events with their actions, runs and ended deliveries that are older than {days} days"));
        }
        if after.bodies() < self.bodies() {
            deleted.push(format!("bodies, headers and refused requests that are older than {} days", after.bodies()));
        }
        if after.only_failures && !self.only_failures {
            deleted.push("the bodies of all events that are neither failed nor unreadable".to_owned());
        }
        deleted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_less_time_is_named() {
        let retention = |days, body_days, only_failures| Retention { days, body_days, only_failures };
        let present = retention(30, Some(14), false);
        for (after, expected) in [
            (retention(30, Some(14), false), 0),
            (retention(60, None, false), 0),
            (retention(30, Some(90), false), 0),
            (retention(20, Some(14), false), 1),
            (retention(7, None, false), 2),
            (retention(30, Some(13), false), 1),
            (retention(30, Some(14), true), 1),
        ] {
            assert_eq!(present.deleted_by(&after).len(), expected, "{after:?}");
        }
        // A longer retention than that of the logs deletes nothing where it was not in force.
        assert_eq!(retention(30, Some(60), false).deleted_by(&retention(30, Some(40), false)), [""; 0]);
        assert_eq!(retention(30, None, true).deleted_by(&retention(30, None, false)), [""; 0]);
    }
}
