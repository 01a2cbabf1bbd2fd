//! One page of a list of event logs, of one source or of all.

use inlet_api_types::{
    PageInfo,
    logs::{SearchedLogs, SourceLogList},
};
use inlet_engine::Engine;
use inlet_store::{Cursor, EventQuery, SearchEdge, StoredEvent};

use super::Endpoints;
use crate::{
    answer_memory::AnswerMemory,
    error::ApiError,
    id::inserted_at,
    page::{CursorText as _, page_info},
    query::Params,
    sources::logs::response,
};

/// The longest text to search for, in bytes.
const MAX_TEXT_BYTES: usize = 256;

/// A page of event logs.
pub struct LogPage {
    /// The event logs.
    pub items: Vec<StoredEvent>,
    page_info: PageInfo,
    searched: Option<SearchedLogs>,
}

/// Reads a page of the event logs that a query selects, and searches them for the text of the parameter `search`.
pub async fn read_page(
    engine: &Engine,
    params: &Params,
    query: &EventQuery,
    endpoints: &Endpoints,
    memory: &AnswerMemory,
) -> Result<LogPage, ApiError> {
    let Some(text) = read_text(params, endpoints)? else {
        let found = engine.store.event_list(query, memory).await?.ok_or_else(AnswerMemory::exhausted)?;
        let mut page_info = page_info(&found.page, query.limit, |event| event.id);
        let searched = found.edge.map(|edge| searched(&edge, edge.last.write(), &query.cursor, &mut page_info));
        return Ok(LogPage { items: found.page.items, page_info, searched });
    };
    let found = engine.store.search_events(query, text, memory).await?.ok_or_else(AnswerMemory::exhausted)?;
    let mut page_info = page_info(&found.page, query.limit, |event| event.id);
    let next = found.next.map(|id| id.write());
    let is_complete = next.is_none();
    match query.cursor {
        Cursor::Before(_) => page_info.before = next,
        Cursor::Start | Cursor::After(_) => page_info.after = next,
    }
    let as_far_as = found.last_looked_at.map(inserted_at);
    let searched = SearchedLogs { entries: found.looked_at, as_far_as, is_complete };
    Ok(LogPage { items: found.page.items, page_info, searched: Some(searched) })
}

/// Lets a page that is not full go on at the place where its search ended, and returns its reach. `next` is the cursor of the
/// place.
pub fn searched<C>(edge: &SearchEdge, next: String, cursor: &Cursor<C>, page_info: &mut PageInfo) -> SearchedLogs {
    match cursor {
        Cursor::Before(_) => page_info.before = Some(next),
        Cursor::Start | Cursor::After(_) => page_info.after = Some(next),
    }
    let entries = usize::try_from(edge.entries).unwrap_or(usize::MAX);
    SearchedLogs { entries, as_far_as: Some(inserted_at(edge.last)), is_complete: false }
}

/// Returns the text to search for. It is compared with what was received, which is nobody's to guess where it is hidden.
fn read_text<'p>(params: &'p Params, endpoints: &Endpoints) -> Result<Option<&'p str>, ApiError> {
    let Some(text) = params.get("search") else { return Ok(None) };
    if text.len() > MAX_TEXT_BYTES {
        let message = format!("found {} bytes, expected a text of at most {MAX_TEXT_BYTES}", text.len());
        return Err(ApiError::invalid("search", message));
    }
    if endpoints.values().any(|endpoint| endpoint.hides_personal_data) {
        let message = "this environment hides personal data, and a search would tell what is in it; filter by a user, a \
                       key, an event or a code";
        return Err(ApiError::invalid("search", message));
    }
    Ok(Some(text))
}

impl LogPage {
    /// Returns the response. Every event log is of one of these source environments.
    pub fn into_list(self, endpoints: &Endpoints, with_actions: bool) -> SourceLogList {
        let entries = self.items.into_iter().filter_map(|event| {
            let endpoint = endpoints.get(&event.source_environment_id)?;
            Some(response::log(event, endpoint, with_actions))
        });
        SourceLogList { entries: entries.collect(), page_info: self.page_info, searched: self.searched }
    }
}
