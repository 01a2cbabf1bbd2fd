//! The database's clock. It decides what is due and which lease has expired, so that no two nodes need equal clocks.

/// The database's clock, in milliseconds since 1970. It is the same throughout a statement.
macro_rules! now_ms {
    () => {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    };
}
pub(crate) use now_ms;
