//! The consequences of an attempt. Pure.

use std::time::Duration;

use inlet_store::{AttemptNext, DeliveryRecord};

use crate::{
    pace::{FailedAttempt, RetrySchedule},
    verdict::Verdict,
};

/// Returns what follows an attempt of a claimed delivery. `age` is the time since its first attempt, `random` from 0 to 1.
pub fn next(
    verdict: &Verdict,
    delivery: &DeliveryRecord,
    age: Duration,
    schedule: &RetrySchedule,
    random: f64,
) -> AttemptNext {
    let (is_counted, may_be_sent, asked) = match verdict {
        Verdict::Delivered { downstream_id, .. } => {
            return AttemptNext::Delivered { downstream_id: downstream_id.clone() };
        }
        Verdict::Dead { .. } => return AttemptNext::Dead { is_counted: true },
        // The target is stopped, and the delivery waits until it runs again.
        Verdict::WrongCredentials { .. } | Verdict::TargetGone { .. } => {
            return AttemptNext::Retry { after: Duration::ZERO, is_counted: false, may_be_sent: false };
        }
        Verdict::Retry { after, .. } => (true, true, *after),
        Verdict::Throttled { after, .. } => (false, false, *after),
        Verdict::NotSent { .. } => (false, false, None),
    };
    let failed = FailedAttempt {
        attempts: delivery.attempts + u32::from(is_counted),
        // The claim counts as a try.
        tries: delivery.tries,
        age,
        is_counted,
        asked,
    };
    match schedule.next(failed, random) {
        Some(after) => AttemptNext::Retry { after, is_counted, may_be_sent },
        None => AttemptNext::Dead { is_counted },
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::delivery::{DeliveryCall, DeliveryStatus};
    use uuid::Uuid;

    use super::*;

    fn delivery(attempts: u32, tries: u32) -> DeliveryRecord {
        DeliveryRecord {
            seq: 1,
            id: Uuid::nil(),
            environment_id: 1,
            target_id: 1,
            run: Uuid::nil(),
            source_event: Uuid::nil(),
            mapping: None,
            workflow: "w".to_owned(),
            call: DeliveryCall::Trigger,
            first_recipient: 0,
            recipients: 1,
            part: 1,
            key: Uuid::nil(),
            status: DeliveryStatus::Retrying,
            is_under_way: true,
            attempts,
            tries,
            due_at_ms: None,
            first_attempt_at_ms: None,
            last_status: None,
            last_error: None,
            finished_at_ms: None,
            downstream_id: None,
            body_bytes: None,
        }
    }

    fn follow(verdict: &Verdict, attempts: u32, tries: u32, age_seconds: u64) -> AttemptNext {
        let schedule = RetrySchedule::new(vec![Duration::from_secs(10), Duration::from_secs(100)]);
        next(verdict, &delivery(attempts, tries), Duration::from_secs(age_seconds), &schedule, 0.5)
    }

    fn retry(seconds: u64, is_counted: bool) -> AttemptNext {
        AttemptNext::Retry { after: Duration::from_secs(seconds), is_counted, may_be_sent: is_counted }
    }

    #[test]
    fn failures_use_up_attempts_and_end() {
        let failed = Verdict::Retry { reason: String::new(), after: None };
        assert_eq!(follow(&failed, 0, 1, 0), retry(10, true));
        assert_eq!(follow(&failed, 1, 2, 10), retry(100, true));
        assert_eq!(follow(&failed, 2, 3, 110), AttemptNext::Dead { is_counted: true });
        let asked = Verdict::Retry { reason: String::new(), after: Some(Duration::from_secs(50)) };
        assert_eq!(follow(&asked, 0, 1, 0), retry(50, true));
    }

    #[test]
    fn what_was_not_sent_uses_up_no_attempt_and_still_ends() {
        let throttled = Verdict::Throttled { reason: String::new(), after: Some(Duration::from_secs(20)) };
        for verdict in [Verdict::NotSent { reason: String::new() }, throttled] {
            let AttemptNext::Retry { is_counted: false, may_be_sent: false, .. } = follow(&verdict, 0, 50, 90) else {
                panic!("{verdict:?}");
            };
            assert_eq!(follow(&verdict, 0, 50, 110), AttemptNext::Dead { is_counted: false });
        }
    }

    #[test]
    fn a_stopped_target_keeps_its_deliveries() {
        for verdict in
            [Verdict::WrongCredentials { reason: String::new() }, Verdict::TargetGone { reason: String::new() }]
        {
            assert_eq!(follow(&verdict, 2, 99, 1_000_000), retry(0, false));
        }
        assert_eq!(follow(&Verdict::Dead { reason: String::new() }, 0, 1, 0), AttemptNext::Dead { is_counted: true });
    }
}
