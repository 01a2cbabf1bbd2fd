//! The list of laws: rules that hold for every plugin.

use std::fmt;

/// The consequence of a failed check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The plugin does not conform.
    Must,
    /// The plugin conforms and could be better.
    Should,
}

impl Level {
    /// Returns `must` or `should`.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Must => "must",
            Level::Should => "should",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A rule that holds for every plugin.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// Stable name.
    pub id: &'static str,
    /// The consequence of a failure.
    pub level: Level,
    /// The rule in one sentence.
    pub says: &'static str,
}

/// The name of the law that the sandbox checks itself.
pub(super) const LOADS: &str = "loads";

/// The laws in the order in which they are checked, without [`GROWTH`].
pub const LAWS: [Law; 23] = [
    must(
        LOADS,
        "the sandbox loads the component: it imports nothing but `log` and the frozen WASI, and its manifest is sound",
    ),
    must("signature-vectors", "the signature vectors of the manifest verify"),
    must("header-names-are-lower-case", "the manifest names headers in lower case, as they arrive"),
    must("shows-an-event", "an example or a case becomes an event: else nothing could be said of the plugin"),
    must(
        "examples-become-their-event-type",
        "every example of the manifest would arrive, and becomes the event type that it declares",
    ),
    should("default-mappings-resolve", "the paths of default mappings lead somewhere in the examples that they match"),
    must("same-input-same-output", "the same request gives the same translation"),
    must("no-memory", "a request is translated as if there had been no earlier one"),
    must("originals-exist", "the pointer to an item as it came leads to something"),
    must("pointers-exist", "a pointer leads to something, or names a member that an object there lacks: absent"),
    must("unknown-members-change-nothing", "a member that nobody knows changes nothing but the original"),
    must("member-order-changes-nothing", "the members of an object give the same in any order"),
    must("arrival-time-changes-nothing", "another received-at-ms changes no event type, user, data or key"),
    must("undeclared-headers-are-not-read", "a header that the manifest does not list changes nothing"),
    must("methods-are-translated", "requests with every method that the manifest lists are translated"),
    must("values-survive", "a value pointed at is the very text that was sent: digits, escapes, doubled and odd keys"),
    must("batch-equals-its-items", "a batch gives what its items give one by one, wherever the plugin takes batches"),
    must("junk-elements-keep-their-place", "an element that is no event is one item and changes no other"),
    must("many-items-are-all-there", "a batch of 1,000 elements has an item for each"),
    must("nulls-stay", "a member of the data that is null stays, because an upsert overwrites with it"),
    must("keys-tell-events-apart", "different events of a type have different keys, and a key follows the request"),
    should("no-empty-translation", "a request has at least one item, so that its sender and operator are told"),
    must("no-body-faults", "no body makes the plugin fault: cut, mangled, empty, deep, large, random, not UTF-8"),
];

/// The law about the cost of large bodies. It is apart from [`LAWS`] because it also measures.
pub const GROWTH: Law = must(
    "cost-grows-linearly",
    "from 1 KB over 32 KB to 1 MB, instructions grow no faster than the body, and memory by at most 32 bytes for a byte",
);

const fn must(id: &'static str, says: &'static str) -> Law {
    Law { id, level: Level::Must, says }
}

const fn should(id: &'static str, says: &'static str) -> Law {
    Law { id, level: Level::Should, says }
}
