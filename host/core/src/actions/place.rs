//! A place in the parameters of a mapping, written only where it is shown.

use std::fmt;

/// A place in the parameters of a mapping, such as `data.lines.$as.sku`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'p> {
    /// A parameter.
    Parameter(&'p str),
    /// A member of an object.
    Member(&'p Place<'p>, &'p str),
    /// An item of an array.
    Index(&'p Place<'p>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Parameter(name) => f.write_str(name),
            Place::Member(of, name) => write!(f, "{of}.{name}"),
            Place::Index(of, index) => write!(f, "{of}[{index}]"),
        }
    }
}
