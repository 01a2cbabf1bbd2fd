//! Classes of deliveries, each with slots of its own.

/// The class of a delivery that is due. A target reserves slots for each, so that neither new deliveries nor those that
/// failed for long wait for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryClass {
    /// It was never tried.
    First,
    /// It was tried once or twice.
    Retry,
    /// It was tried three times or more.
    Late,
}

impl DeliveryClass {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::First, Self::Retry, Self::Late];

    /// The number of tries from which a delivery is late.
    pub const LATE_TRIES: u32 = 3;

    /// Returns the class of a delivery that was tried so often.
    pub fn of(tries: u32) -> Self {
        match tries {
            0 => Self::First,
            Self::LATE_TRIES.. => Self::Late,
            _ => Self::Retry,
        }
    }
}
