//! `unidentified`: what a trigger does with a recipient that is not identified.

use crate::{
    actions::{BadMapping, ParameterReader},
    json::{self, Kind},
    parked::MAX_WAIT_SECONDS,
};

/// The way in which a trigger takes a recipient by reference that is not identified.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unidentified {
    /// `"skip"`: the recipient is left out.
    #[default]
    Skip,
    /// `"wait"` or `{"wait_seconds": …}`: the recipient's run is created when it is identified within this time.
    Wait {
        /// In seconds, from 1 to [`MAX_WAIT_SECONDS`].
        seconds: i64,
    },
}

impl Unidentified {
    pub(super) fn take(reader: &mut ParameterReader<'_>) -> Result<Self, BadMapping> {
        let Some(text) = reader.take_option("unidentified") else { return Ok(Self::default()) };
        match json::string(text).as_deref() {
            Some("skip") => return Ok(Self::Skip),
            Some("wait") => return Ok(Self::Wait { seconds: MAX_WAIT_SECONDS }),
            Some(other) => return Err(bad("", format!("it is {other:?}"))),
            None => {}
        }
        let mut members =
            json::members(text).ok_or_else(|| bad("", format!("it is {}", Kind::of(text).with_article())))?;
        let seconds =
            members.shift_remove("wait_seconds").ok_or_else(|| bad("", "it has no wait_seconds".to_owned()))?;
        if let Some(unknown) = members.keys().next() {
            return Err(bad("", format!("it has a member {unknown:?}")));
        }
        let whole = seconds.parse::<i64>().ok().filter(|seconds| (1..=MAX_WAIT_SECONDS).contains(seconds));
        let found = || match Kind::of(seconds) {
            Kind::Number => format!("it is {}", seconds.chars().take(20).collect::<String>()),
            other => format!("it is {}", other.with_article()),
        };
        let seconds = whole.ok_or_else(|| bad(".wait_seconds", found()))?;
        Ok(Self::Wait { seconds })
    }
}

fn bad(member: &str, found: String) -> BadMapping {
    let expected = match member {
        "" => format!("\"skip\", \"wait\" or {{\"wait_seconds\": 1 to {MAX_WAIT_SECONDS}}}"),
        _ => format!("a whole number from 1 to {MAX_WAIT_SECONDS}"),
    };
    BadMapping::new(format!("action_parameters.unidentified{member}"), format!("{found}; expected {expected}"))
}
