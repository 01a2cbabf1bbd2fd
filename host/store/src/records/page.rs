//! Pages of lists. Lists are newest first, so `after` means older.

/// The start of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor<T> {
    /// The top of the list.
    Start,
    /// The entry below this one.
    After(T),
    /// The page that ends right above this entry.
    Before(T),
}

/// A page of a list, in the list's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// True if there are entries above this page.
    pub has_before: bool,
    /// True if there are entries below this page.
    pub has_after: bool,
}

impl<T> Page<T> {
    /// Makes a page from the result of a query for `limit + 1` entries, the nearest to the cursor first.
    pub(crate) fn of_found<C>(mut found: Vec<T>, limit: usize, cursor: &Cursor<C>) -> Self {
        let more = found.len() > limit;
        found.truncate(limit);
        match cursor {
            Cursor::Start => Self { items: found, has_before: false, has_after: more },
            // The cursor's own entry is on the other side.
            Cursor::After(_) => Self { items: found, has_before: true, has_after: more },
            Cursor::Before(_) => {
                found.reverse();
                Self { items: found, has_before: more, has_after: true }
            }
        }
    }
}
