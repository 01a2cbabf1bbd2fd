//! Pages of lists. Lists are newest first; `after` means older.

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor<T> {
    /// At the list's top.
    Start,
    /// Below this entry.
    After(T),
    /// Above this entry: the page ends right above it.
    Before(T),
}

/// A page of a list, in the list's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// There are entries above this page.
    pub has_before: bool,
    /// There are entries below this page.
    pub has_after: bool,
}

impl<T> Page<T> {
    /// Makes a page of what was found when `limit + 1` entries were asked for, nearest to the cursor first.
    pub(crate) fn of_found<C>(mut found: Vec<T>, limit: usize, cursor: &Cursor<C>) -> Self {
        let more = found.len() > limit;
        found.truncate(limit);
        match cursor {
            Cursor::Start => Self { items: found, has_before: false, has_after: more },
            // The entry of the cursor is itself on the other side.
            Cursor::After(_) => Self { items: found, has_before: true, has_after: more },
            Cursor::Before(_) => {
                found.reverse();
                Self { items: found, has_before: more, has_after: true }
            }
        }
    }
}
