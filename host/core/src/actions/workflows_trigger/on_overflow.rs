//! `on_overflow`: what a trigger does with more recipients than one run takes.

use crate::{
    actions::{BadMapping, ParameterReader},
    json::{self, Kind},
    recipient::MAX_RECIPIENTS,
};

/// The most recipients of a trigger that is split: 20 runs. A request of 20,000 items that trigger for one recipient each
/// writes as many rows, so that a split trigger holds the writer no longer than a request that was allowed before.
pub const MAX_SPLIT_RECIPIENTS: usize = 20 * MAX_RECIPIENTS;

/// The way in which a trigger takes more than [`MAX_RECIPIENTS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnOverflow {
    /// `"error"`: the trigger fails, and with it all mappings of its event.
    #[default]
    Error,
    /// `"split"`: it creates several runs of at most [`MAX_RECIPIENTS`] each.
    Split,
}

impl OnOverflow {
    pub(super) fn take(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        let Some(text) = reader.take_option("on_overflow") else { return Ok(Self::default()) };
        match json::string(text).as_deref() {
            Some("error") => Ok(Self::Error),
            Some("split") => Ok(Self::Split),
            Some(other) => Err(bad(format!("it is {other:?}"))),
            None => Err(bad(format!("it is {}", Kind::of(text).with_article()))),
        }
    }

    /// Returns the most recipients that an event may name, before duplicates are removed.
    pub(super) fn max_recipients(self) -> usize {
        match self {
            Self::Error => MAX_RECIPIENTS,
            Self::Split => MAX_SPLIT_RECIPIENTS,
        }
    }
}

fn bad(found: String) -> BadMapping {
    BadMapping::new("action_parameters.on_overflow", format!("{found}; expected \"error\" or \"split\""))
}
