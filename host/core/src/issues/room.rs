//! The bound on issues.

/// The most issues of an environment that have a cause of their own.
pub const MAX_ISSUES: u64 = 1000;

/// The most issues of one stage at one place that have a cause of their own.
pub const MAX_OF_STAGE: u64 = 50;

/// The issues that there are when a failure with a new cause comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Those of the environment.
    pub in_environment: u64,
    /// Those of the same stage at the same place.
    pub of_stage: u64,
    /// True if one of the environment is resolved.
    pub has_resolved: bool,
}

/// The fate of a new cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It gets an issue.
    Issue,
    /// It gets the place of the issue that was resolved and has not failed for the longest time.
    InPlaceOfResolved,
    /// It counts among the other causes of its stage and place.
    Other,
}

impl Room {
    /// Decides about a new cause. A sender who can invent causes fills at most its own stage and place, and no issue that
    /// somebody still has to look at ever gives way.
    pub fn verdict(self) -> Verdict {
        match self {
            Self { of_stage, .. } if of_stage >= MAX_OF_STAGE => Verdict::Other,
            Self { in_environment, .. } if in_environment < MAX_ISSUES => Verdict::Issue,
            Self { has_resolved: true, .. } => Verdict::InPlaceOfResolved,
            _ => Verdict::Other,
        }
    }
}
