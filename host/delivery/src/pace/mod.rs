//! When something is sent: pure rules, with the clock passed in.

mod breaker;
mod health;
mod rate;
mod schedule;
mod slots;

pub use self::{
    breaker::{Breaker, BreakerState},
    health::{Health, Signal},
    rate::RateLimit,
    schedule::{FailedAttempt, RetrySchedule},
    slots::Slots,
};
