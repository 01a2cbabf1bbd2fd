//! Pages of lists: newest first, `after` means older.
//!
//! A cursor identifies the entry at an edge of a page, in the characters `A-Za-z0-9_-`. It is opaque to clients.

use inlet_api_types::PageInfo;
use inlet_core::Uuid;
use inlet_store::{BoundedPage, Cursor, Page};

use super::{error::ApiError, query::Params};

/// The default number of entries of a page.
const DEFAULT_LIMIT: usize = 50;
/// The most entries of a page.
const MAX_LIMIT: usize = 100;

/// The part of a list that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct PageRequest<C> {
    /// The edge at which the page begins.
    pub cursor: Cursor<C>,
    /// The most entries of the page.
    pub limit: usize,
}

/// A value that identifies an entry of a list, and its text in cursors.
pub trait CursorText: Sized {
    /// Writes the text of the cursor.
    fn write(&self) -> String;
    /// Reads the text of a cursor; none if this server did not write it.
    fn read(text: &str) -> Option<Self>;
}

impl CursorText for Uuid {
    fn write(&self) -> String {
        self.simple().to_string()
    }

    fn read(text: &str) -> Option<Self> {
        let cursor = Uuid::try_parse(text).ok()?;
        (cursor.write() == text).then_some(cursor)
    }
}

impl CursorText for i64 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        let cursor: i64 = text.parse().ok()?;
        (cursor >= 0 && cursor.to_string() == text).then_some(cursor)
    }
}

impl<C: CursorText> PageRequest<C> {
    /// Reads `after`, `before`, `limit` and `page_size`.
    pub fn read(params: &Params) -> Result<Self, ApiError> {
        let cursor = match (params.get("after"), params.get("before")) {
            (None, None) => Cursor::Start,
            (Some(text), None) => Cursor::After(read_cursor("after", text)?),
            (None, Some(text)) => Cursor::Before(read_cursor("before", text)?),
            (Some(_), Some(_)) => {
                return Err(ApiError::invalid("before", "after is given too; a page begins at one of them"));
            }
        };
        let limit = match (read_limit(params, "limit")?, read_limit(params, "page_size")?) {
            (Some(limit), Some(page_size)) if limit != page_size => {
                let message = format!("found {page_size} and limit {limit}; they mean the same, give one of them");
                return Err(ApiError::invalid("page_size", message));
            }
            (limit, page_size) => limit.or(page_size).unwrap_or(DEFAULT_LIMIT),
        };
        Ok(Self { cursor, limit })
    }
}

fn read_cursor<C: CursorText>(name: &str, text: &str) -> Result<C, ApiError> {
    C::read(text).ok_or_else(|| {
        let message = "it is not a cursor of this list; use one of page_info, or leave it out to begin at the newest";
        ApiError::invalid(name, message)
    })
}

fn read_limit(params: &Params, name: &str) -> Result<Option<usize>, ApiError> {
    let Some(text) = params.get(name) else { return Ok(None) };
    match text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)) {
        Some(limit) => Ok(Some(limit)),
        None => Err(ApiError::invalid(name, format!("found {text:?}, expected a whole number from 1 to {MAX_LIMIT}"))),
    }
}

/// The page info of one page of a list. `cursor_of` returns the cursor of an entry.
pub fn page_info<T, C: CursorText>(page: &Page<T>, limit: usize, cursor_of: impl Fn(&T) -> C) -> PageInfo {
    let write = |item: &T| cursor_of(item).write();
    let after = page.items.last().filter(|_| page.has_after).map(write);
    let before = page.items.first().filter(|_| page.has_before).map(write);
    PageInfo::new(after, before, limit)
}

/// The page info of one page of a list whose filter may have no index, and the number of entries that were looked at for it.
pub fn bounded_page_info<T>(
    page: &BoundedPage<T>,
    limit: usize,
    id_of: impl Fn(&T) -> Uuid,
) -> (PageInfo, Option<u64>) {
    let write = |id: Uuid| id.write();
    match page.looked {
        Some(looked) => (PageInfo::new(looked.older.map(write), looked.newer.map(write), limit), Some(looked.entries)),
        None => {
            let after = page.items.last().filter(|_| page.has_after).map(&id_of).map(write);
            let before = page.items.first().filter(|_| page.has_before).map(&id_of).map(write);
            (PageInfo::new(after, before, limit), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<PageRequest<i64>, String> {
        PageRequest::read(&Params::parse(query)).map_err(|error| error.to_string())
    }

    #[test]
    fn limit_and_page_size_are_synonyms() {
        assert_eq!(read(""), Ok(PageRequest { cursor: Cursor::Start, limit: 50 }));
        assert_eq!(read("limit=7&after=3"), Ok(PageRequest { cursor: Cursor::After(3), limit: 7 }));
        assert_eq!(read("page_size=100&before=3"), Ok(PageRequest { cursor: Cursor::Before(3), limit: 100 }));
        assert_eq!(read("page_size=7&limit=7").map(|page| page.limit), Ok(7));
    }

    #[test]
    fn what_is_no_page_says_why() {
        for limit in ["0", "-1", "101", "NaN", "1.5", "1e1", "99999999999999999999999"] {
            let error = read(&format!("limit={limit}")).unwrap_err();
            assert_eq!(error, format!("found {limit:?}, expected a whole number from 1 to 100"));
        }
        insta::assert_snapshot!(read("limit=1&page_size=2").unwrap_err(), @"found 2 and limit 1; they mean the same, give one of them");
        insta::assert_snapshot!(read("after=1&before=2").unwrap_err(), @"after is given too; a page begins at one of them");
        for cursor in ["x", "-1", "01", "%2B1", "1%20", "018f4e7c2b3a7cde8f90123456789abc"] {
            let error = read(&format!("after={cursor}")).unwrap_err();
            assert_eq!(
                error,
                "it is not a cursor of this list; use one of page_info, or leave it out to begin at the newest"
            );
        }
    }

    #[test]
    fn a_cursor_reads_back_and_holds_plain_characters_only() {
        let id = Uuid::now_v7();
        let text = id.write();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_eq!(Uuid::read(&text), Some(id));
        assert_eq!(Uuid::read(&text.to_uppercase()), None);
        assert_eq!(i64::read(&42_i64.write()), Some(42));
    }

    #[test]
    fn after_is_null_at_the_end_and_before_at_the_top() {
        let page = |has_before, has_after| Page { items: vec![9_i64, 8], has_before, has_after };
        let info = page_info(&page(false, true), 2, |item| *item);
        assert_eq!((info.before, info.after.as_deref()), (None, Some("8")));
        let info = page_info(&page(true, false), 2, |item| *item);
        assert_eq!((info.before.as_deref(), info.after), (Some("9"), None));
    }
}
