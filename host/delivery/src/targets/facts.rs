//! The facts about a kind of target, as data. The documentation's table of targets and the tests read them too.

use std::{borrow::Cow, time::Duration};

/// The facts about a target.
#[derive(Debug, Clone)]
pub struct TargetFacts {
    /// The kind, as settings name it.
    pub kind: &'static str,
    /// The method of a trigger.
    pub method: &'static str,
    /// The path of a trigger.
    pub path: &'static str,
    /// The credential by which a request proves who sends it.
    pub authentication: Authentication,
    /// The form in which recipients are sent.
    pub recipients: RecipientForm,
    /// The most recipients of one request.
    pub chunk: u32,
    /// The size above which a body with several recipients is split, in bytes.
    pub split_bytes: usize,
    /// The largest body, in bytes. One that cannot be split further and is larger is not sent.
    pub max_bytes: usize,
    /// The place of the key by which the target recognizes a call that it gets twice.
    pub key: KeyPlace,
    /// The time for which the target remembers a key; none if that is the receiver's choice.
    pub key_lifetime: Option<Duration>,
    /// True if a key may be sent again after an error answer.
    pub key_after_error: bool,
    /// The mark of a success in the answer's body.
    pub success: SuccessRule,
    /// Answers that mean that the target took the call before.
    pub duplicates: Vec<DuplicateRule>,
    /// Statuses that mean that the request never succeeds.
    pub dead: &'static [u16],
    /// Statuses that mean wrong credentials.
    pub wrong_credentials: &'static [u16],
    /// Statuses that mean that the target takes no more for now.
    pub throttle: &'static [u16],
    /// Prefixes of headers that tell of a partial success.
    pub partial_success_headers: &'static [&'static str],
    /// The rates that the target offers, in requests per second. The first one is used unless an option chooses another.
    pub rates: &'static [u32],
    /// The call that cancels a trigger; none if there is none.
    pub cancel: Option<CancelFacts>,
    /// The JSON Pointer, in the answer, of the id that the target gave to what it began.
    pub downstream_id: Option<Cow<'static, str>>,
    /// True if numbers reach the workflow with every digit.
    pub digits_survive: bool,
}

/// The credential by which a request proves who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authentication {
    /// A signature of the body (Standard Webhooks), and secret headers.
    Signature,
    /// `authorization: Bearer …`
    Bearer,
    /// `authorization: ApiKey …`
    ApiKey,
    /// Basic authentication with the key as user.
    BasicUser,
    /// None.
    None,
}

/// The form in which recipients are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientForm {
    /// Objects with an id, all properties and the trigger's data.
    WithProperties,
    /// Objects that the target identifies before it runs the workflow.
    Inline,
    /// Subscribers with the members that Novu knows.
    Subscribers,
    /// Two calls for each: one that identifies, one that triggers.
    IdentifyAndTrack,
    /// None are sent.
    None,
}

/// The place of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// A header.
    Header(Cow<'static, str>),
    /// A member of the body.
    Body(&'static str),
    /// The URL.
    Path,
    /// Nowhere: nothing is sent.
    None,
}

/// The mark of a success in the answer's body, beside a status 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuccessRule {
    /// Nothing.
    Status,
    /// One of these JSON values at one of these JSON Pointers, the first that is there.
    Member {
        /// The pointers.
        pointers: Vec<Cow<'static, str>>,
        /// The values, as JSON text without white space.
        values: Vec<Cow<'static, str>>,
    },
}

/// An answer that means that the target took the call before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DuplicateRule {
    /// The status.
    pub status: u16,
    /// The mark in the body that tells it from other answers of this status.
    pub mark: DuplicateMark,
}

/// The mark of a duplicate in the answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateMark {
    /// None: the status says it.
    None,
    /// A JSON text at a JSON Pointer.
    Member(&'static str, &'static str),
    /// A text anywhere.
    Text(&'static str),
}

/// The call that cancels a trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelFacts {
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// True if it cancels a trigger for all of its recipients only.
    pub is_whole: bool,
    /// The least time between a trigger's end and its cancel.
    pub min_gap: Duration,
    /// Statuses that mean that there is nothing left to cancel.
    pub done: &'static [u16],
}
