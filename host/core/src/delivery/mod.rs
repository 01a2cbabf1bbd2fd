//! Deliveries: the calls by which runs reach workflow engines.
//!
//! A run is written together with its deliveries, one for each chunk of its recipients and each target that wants it
//! ([`deliveries_of`]). Each has a key that never changes ([`delivery_key`]), by which a receiver recognizes a call that it
//! gets twice. Source of the rules: semantics.md §8.

mod class;
mod key;
mod route;
mod status;
mod target;

pub use class::DeliveryClass;
pub use key::{cancel_key, delivery_key, part_key};
pub use route::{NewDelivery, RoutedRun, deliveries_of, order_key_of};
pub use status::{DeliveryCounts, DeliveryStatus, RunStatus};
pub use target::{DeliveryOrder, MAX_TARGET_KEY_BYTES, RoutedTarget, TargetRouting, check_target_key};

/// The call that a delivery makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryCall {
    /// Triggers the workflow for recipients of the run.
    Trigger,
    /// Cancels what a trigger of the run may have begun.
    Cancel,
}

impl DeliveryCall {
    /// Every call.
    pub const ALL: [Self; 2] = [Self::Trigger, Self::Cancel];

    /// Returns the name used in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Cancel => "cancel",
        }
    }
}
