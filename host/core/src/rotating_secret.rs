//! A secret of a source environment that rotates: the current one, and the previous one during their overlap.
//!
//! A platform and its receiver cannot change a secret at the same moment, so a replaced secret stays valid for an overlap
//! that the operator chooses. Source of the rules: semantics.md §3.2.

use std::fmt;

/// The default overlap: a day, in seconds.
pub const DEFAULT_OVERLAP_SECONDS: u64 = 24 * 60 * 60;
/// The longest overlap of secrets and of endpoints: 30 days, in seconds.
pub const MAX_OVERLAP_SECONDS: u64 = 30 * 24 * 60 * 60;

/// A replaced secret. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PreviousSecret {
    /// The secret.
    pub secret: String,
    /// The end of its overlap, in milliseconds since 1970.
    pub until_ms: i64,
}

impl fmt::Debug for PreviousSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreviousSecret").field("until_ms", &self.until_ms).finish_non_exhaustive()
    }
}

/// A secret of a source environment: its signing secret, or its write key.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RotatingSecret {
    /// The current secret.
    pub current: Option<String>,
    /// The previous secret.
    pub previous: Option<PreviousSecret>,
}

/// A change of a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretChange {
    /// Keeps them.
    Keep,
    /// Removes both.
    Clear,
    /// Replaces the current secret.
    Set {
        /// The new secret.
        secret: String,
        /// The time for which the replaced secret stays valid, in seconds.
        overlap_seconds: u64,
    },
    /// Keeps the current secret and removes the previous one.
    EndPrevious,
}

impl SecretChange {
    /// Returns true if there is a secret after the change. `has_secret` is true if there is one before.
    pub fn leaves_secret(&self, has_secret: bool) -> bool {
        match self {
            SecretChange::Keep | SecretChange::EndPrevious => has_secret,
            SecretChange::Clear => false,
            SecretChange::Set { .. } => true,
        }
    }
}

impl RotatingSecret {
    /// Returns the secrets that are valid at a time, the current one first.
    pub fn valid_at(&self, now_ms: i64) -> impl Iterator<Item = &str> {
        let previous = self.previous.as_ref().filter(|previous| now_ms < previous.until_ms);
        self.current.as_deref().into_iter().chain(previous.map(|previous| previous.secret.as_str()))
    }

    /// Returns the secrets after a change. A previous secret whose overlap is over is dropped.
    pub fn change(&self, change: SecretChange, now_ms: i64) -> Self {
        let still_valid = || self.previous.clone().filter(|previous| now_ms < previous.until_ms);
        match change {
            SecretChange::Keep => Self { current: self.current.clone(), previous: still_valid() },
            SecretChange::Clear => Self::default(),
            SecretChange::EndPrevious => Self { current: self.current.clone(), previous: None },
            // Setting the same secret again replaces nothing, but an overlap of 0 still removes the previous one.
            SecretChange::Set { secret, overlap_seconds } if self.current.as_ref() == Some(&secret) => {
                Self { current: Some(secret), previous: still_valid().filter(|_| overlap_seconds > 0) }
            }
            SecretChange::Set { secret, overlap_seconds } => {
                let replaced = self.current.clone().filter(|_| overlap_seconds > 0);
                let previous =
                    replaced.map(|secret| PreviousSecret { secret, until_ms: overlap_end(now_ms, overlap_seconds) });
                Self { current: Some(secret), previous }
            }
        }
    }
}

/// Returns the end of an overlap that begins now, in milliseconds since 1970.
pub fn overlap_end(now_ms: i64, overlap_seconds: u64) -> i64 {
    let overlap_ms = i64::try_from(overlap_seconds).unwrap_or(i64::MAX).saturating_mul(1000);
    now_ms.saturating_add(overlap_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    fn set(secret: &str, overlap_seconds: u64) -> SecretChange {
        SecretChange::Set { secret: secret.to_owned(), overlap_seconds }
    }

    fn valid(secrets: &RotatingSecret, now_ms: i64) -> Vec<&str> {
        secrets.valid_at(now_ms).collect()
    }

    fn pair() -> RotatingSecret {
        RotatingSecret::default().change(set("old", 60), NOW).change(set("new", 60), NOW)
    }

    #[test]
    fn a_replaced_secret_is_good_until_its_overlap_ends_and_not_at_its_end() {
        let secrets = pair();
        assert_eq!(valid(&secrets, NOW), ["new", "old"]);
        assert_eq!(valid(&secrets, NOW + 59_999), ["new", "old"]);
        assert_eq!(valid(&secrets, NOW + 60_000), ["new"]);
    }

    #[test]
    fn a_first_secret_replaces_nothing_and_none_means_none() {
        let first = RotatingSecret::default().change(set("s", 60), NOW);
        assert!(first.previous.is_none());
        assert_eq!(valid(&RotatingSecret::default(), NOW), [""; 0]);
    }

    #[test]
    fn there_are_never_more_than_two() {
        let secrets = pair().change(set("newest", 60), NOW + 1000);
        assert_eq!(valid(&secrets, NOW + 1000), ["newest", "new"]);
        let back = pair().change(set("old", 60), NOW + 1000);
        assert_eq!(valid(&back, NOW + 1000), ["old", "new"]);
    }

    #[test]
    fn zero_ends_the_old_one_at_once_and_clearing_ends_both() {
        assert_eq!(valid(&pair().change(set("newest", 0), NOW), NOW), ["newest"]);
        assert_eq!(valid(&pair().change(SecretChange::EndPrevious, NOW), NOW), ["new"]);
        assert!(pair().change(SecretChange::Clear, NOW) == RotatingSecret::default());
    }

    #[test]
    fn setting_the_same_secret_again_replaces_nothing() {
        let secrets = pair();
        assert!(secrets.change(set("new", 86_400), NOW + 1000) == secrets);
        assert_eq!(valid(&secrets.change(set("new", 0), NOW), NOW), ["new"]);
    }

    #[test]
    fn what_is_over_is_dropped_at_the_next_change() {
        assert!(pair().change(SecretChange::Keep, NOW + 59_999) == pair());
        assert!(pair().change(SecretChange::Keep, NOW + 60_000).previous.is_none());
    }
}
