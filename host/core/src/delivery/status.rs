//! The status of deliveries and of runs.

/// The status of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryStatus {
    /// No attempt has ended.
    Pending,
    /// An attempt failed, and another one follows.
    Retrying,
    /// The target took it.
    Delivered,
    /// It was given up.
    Dead,
    /// Its run was canceled, or it was discarded, before the target took it.
    Canceled,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Retrying, Self::Delivered, Self::Dead, Self::Canceled];

    /// Returns the name used in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retrying => "retrying",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Canceled => "canceled",
        }
    }

    /// Returns the status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Returns true if more attempts follow.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Retrying)
    }
}

/// The numbers of deliveries by status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryCounts {
    /// See [`DeliveryStatus::Pending`].
    pub pending: u64,
    /// See [`DeliveryStatus::Retrying`].
    pub retrying: u64,
    /// See [`DeliveryStatus::Delivered`].
    pub delivered: u64,
    /// See [`DeliveryStatus::Dead`].
    pub dead: u64,
    /// See [`DeliveryStatus::Canceled`].
    pub canceled: u64,
}

impl DeliveryCounts {
    /// Returns the number of deliveries of a status.
    pub fn of(&self, status: DeliveryStatus) -> u64 {
        match status {
            DeliveryStatus::Pending => self.pending,
            DeliveryStatus::Retrying => self.retrying,
            DeliveryStatus::Delivered => self.delivered,
            DeliveryStatus::Dead => self.dead,
            DeliveryStatus::Canceled => self.canceled,
        }
    }

    /// Counts deliveries of a status.
    pub fn add(&mut self, status: DeliveryStatus, count: u64) {
        match status {
            DeliveryStatus::Pending => self.pending += count,
            DeliveryStatus::Retrying => self.retrying += count,
            DeliveryStatus::Delivered => self.delivered += count,
            DeliveryStatus::Dead => self.dead += count,
            DeliveryStatus::Canceled => self.canceled += count,
        }
    }

    /// Returns the number of all deliveries.
    pub fn total(&self) -> u64 {
        DeliveryStatus::ALL.into_iter().map(|status| self.of(status)).sum()
    }
}

/// The status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// No target wants it.
    Recorded,
    /// A delivery is still open, and none is dead.
    Delivering,
    /// Every target took it.
    Delivered,
    /// A delivery is dead.
    Failed,
    /// It was canceled, or all its deliveries were.
    Canceled,
}

impl RunStatus {
    /// Returns the status of a run with these deliveries.
    pub fn of(is_canceled: bool, deliveries: &DeliveryCounts) -> Self {
        match deliveries {
            _ if is_canceled => Self::Canceled,
            DeliveryCounts { dead: 1.., .. } => Self::Failed,
            DeliveryCounts { pending: 1.., .. } | DeliveryCounts { retrying: 1.., .. } => Self::Delivering,
            DeliveryCounts { delivered: 1.., .. } => Self::Delivered,
            DeliveryCounts { canceled: 1.., .. } => Self::Canceled,
            _ => Self::Recorded,
        }
    }

    /// Returns the name used in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Delivering => "delivering",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(given: &[(DeliveryStatus, u64)]) -> DeliveryCounts {
        let mut counts = DeliveryCounts::default();
        given.iter().for_each(|(status, count)| counts.add(*status, *count));
        counts
    }

    #[test]
    fn the_status_of_a_run_follows_its_deliveries() {
        use DeliveryStatus::{Canceled, Dead, Delivered, Pending, Retrying};
        let status = |given: &[(DeliveryStatus, u64)]| RunStatus::of(false, &counts(given));
        assert_eq!(status(&[]), RunStatus::Recorded);
        assert_eq!(status(&[(Pending, 1), (Delivered, 3)]), RunStatus::Delivering);
        assert_eq!(status(&[(Retrying, 1)]), RunStatus::Delivering);
        assert_eq!(status(&[(Delivered, 2), (Canceled, 1)]), RunStatus::Delivered);
        assert_eq!(status(&[(Dead, 1), (Pending, 1)]), RunStatus::Failed);
        assert_eq!(status(&[(Canceled, 1)]), RunStatus::Canceled);
        assert_eq!(RunStatus::of(true, &counts(&[(Dead, 1)])), RunStatus::Canceled);
        assert_eq!(RunStatus::of(true, &counts(&[])), RunStatus::Canceled);
    }

    #[test]
    fn names_are_read_back() {
        for status in DeliveryStatus::ALL {
            assert_eq!(DeliveryStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(DeliveryStatus::parse("open"), None);
        let one_each = counts(&DeliveryStatus::ALL.map(|status| (status, 1)));
        assert_eq!((one_each.total(), one_each.of(DeliveryStatus::Dead)), (5, 1));
    }
}
