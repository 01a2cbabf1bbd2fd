//! Positions in a plugin's output.

use std::fmt;

/// A position in the output, for example `items[0].event.extras[1].value`. It is formatted only when a check fails:
/// every item has a dozen of positions.
pub(super) enum OutputPath<'a> {
    Root(&'static str),
    Item(usize, &'static str),
    Member(&'a OutputPath<'a>, &'static str),
    Index(&'a OutputPath<'a>, usize),
}

impl fmt::Display for OutputPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutputPath::Root(name) => f.write_str(name),
            OutputPath::Item(index, kind) => write!(f, "items[{index}].{kind}"),
            OutputPath::Member(outer, name) => write!(f, "{outer}.{name}"),
            OutputPath::Index(outer, index) => write!(f, "{outer}[{index}]"),
        }
    }
}
