//! Pages of lists. Lists are newest first, so `after` means older.

use uuid::Uuid;

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

impl<T> Cursor<T> {
    /// Returns the cursor with its entry named in another way.
    pub fn map<U>(self, name: impl FnOnce(T) -> U) -> Cursor<U> {
        match self {
            Self::Start => Cursor::Start,
            Self::After(entry) => Cursor::After(name(entry)),
            Self::Before(entry) => Cursor::Before(name(entry)),
        }
    }
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

/// A page of a list whose filter may have no index: then the page says at how many entries it looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundedPage<T> {
    /// See [`Page::items`].
    pub items: Vec<T>,
    /// See [`Page::has_before`].
    pub has_before: bool,
    /// See [`Page::has_after`].
    pub has_after: bool,
    /// The reach of the read; none if an index has the filter.
    pub looked: Option<Looked>,
}

/// The reach of a read that looked for entries with a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// The number of entries that were looked at.
    pub entries: u64,
    /// The id after which the read goes on among older entries; none if there are none.
    pub older: Option<Uuid>,
    /// The id before which the read goes on among newer entries; none if there are none.
    pub newer: Option<Uuid>,
}

/// Reserves memory for the answer of a read, before it is read.
pub trait ReadMemory: Send + Sync {
    /// Reserves so many bytes; returns false if there is no room for them now.
    fn reserve(&self, bytes: u64) -> bool;
}

/// The most bytes of a page, which has fewer entries otherwise. A single entry may be longer.
pub(crate) const MAX_PAGE_BYTES: u64 = 8 << 20;

impl<T> Page<T> {
    /// Leaves out the entries that are farthest from the cursor, until the others have at most [`MAX_PAGE_BYTES`].
    /// `sizes` has the bytes of each entry. Returns the bytes of those that stay.
    pub(crate) fn shorten<C>(&mut self, sizes: &[u64], cursor: &Cursor<C>) -> u64 {
        let is_newer = matches!(cursor, Cursor::Before(_));
        let (mut total, mut stays) = (0_u64, 0);
        let mut from_cursor: Vec<u64> = sizes.to_vec();
        if is_newer {
            from_cursor.reverse();
        }
        for size in from_cursor {
            if stays > 0 && total.saturating_add(size) > MAX_PAGE_BYTES {
                break;
            }
            total = total.saturating_add(size);
            stays += 1;
        }
        let left_out = self.items.len().saturating_sub(stays);
        if left_out > 0 && is_newer {
            self.items.drain(..left_out);
            self.has_before = true;
        } else if left_out > 0 {
            self.items.truncate(stays);
            self.has_after = true;
        }
        total
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_too_large_is_shortened_at_its_far_end() {
        let page = || Page { items: vec!['a', 'b', 'c'], has_before: false, has_after: false };
        let half = MAX_PAGE_BYTES / 2;
        let shorten = |sizes: &[u64], cursor: Cursor<i64>| {
            let mut page = page();
            let total = page.shorten(sizes, &cursor);
            (page.items.into_iter().collect::<String>(), page.has_before, page.has_after, total)
        };
        assert_eq!(shorten(&[1, 1, 1], Cursor::Start), ("abc".to_owned(), false, false, 3));
        assert_eq!(shorten(&[half, half, 1], Cursor::After(1)), ("ab".to_owned(), false, true, 2 * half));
        assert_eq!(shorten(&[1, half, half], Cursor::Before(1)), ("bc".to_owned(), true, false, 2 * half));
        assert_eq!(shorten(&[4 * half, 1, 1], Cursor::Start), ("a".to_owned(), false, true, 4 * half), "one at least");
    }
}
