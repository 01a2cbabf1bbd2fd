//! The call that lists the workflows of an engine, as data.

use hyper::{
    Method,
    header::{ACCEPT, HeaderMap, HeaderValue, USER_AGENT},
};
use inlet_core::json;
use url::Url;

use crate::request::{HeaderCase, OutgoingRequest};

/// The call that lists the workflows of an engine.
#[derive(Debug, Clone)]
pub struct WorkflowListing {
    /// The URL, without the parameters of a page.
    pub url: Url,
    /// The headers, with the target's credentials.
    pub headers: HeaderMap,
    /// The spelling of the headers' names.
    pub header_case: HeaderCase,
    /// JSON Pointers of the list in the answer, of which the first that is there counts.
    pub list: &'static [&'static str],
    /// The JSON Pointer of the workflow's key in an entry of the list.
    pub key: &'static str,
    /// The part of each key that the target's URL has already. Entries without it are left out.
    pub prefix: String,
    /// The parameters of a page; none if one answer has all.
    pub page: Option<PageParameters>,
}

/// The query parameters by which a list is read page by page.
#[derive(Debug, Clone, Copy)]
pub struct PageParameters {
    /// The name of the parameter for the number of entries.
    pub limit: &'static str,
    /// The name of the parameter for the number of entries before the page.
    pub offset: &'static str,
    /// The number of entries of a page.
    pub size: usize,
}

impl WorkflowListing {
    /// Makes the request for the entries from an offset on.
    pub fn request(&self, offset: usize) -> OutgoingRequest {
        let (mut url, mut headers) = (self.url.clone(), self.headers.clone());
        if let Some(page) = self.page {
            url.query_pairs_mut()
                .append_pair(page.limit, &page.size.to_string())
                .append_pair(page.offset, &offset.to_string());
        }
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("Inlet/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        OutgoingRequest { method: Method::GET, url, headers, header_case: self.header_case, body: bytes::Bytes::new() }
    }

    /// Reads an answer: the keys, and the number of all entries; none if it has no list.
    pub fn read(&self, answer: &str) -> Option<(Vec<String>, usize)> {
        let list = self.list.iter().find_map(|pointer| json::items(json::point(answer, pointer)?))?;
        let key =
            |entry: &&str| json::string(json::point(entry, self.key)?)?.strip_prefix(&self.prefix).map(str::to_owned);
        Some((list.iter().filter_map(key).collect(), list.len()))
    }

    /// Returns true if a page with this number of entries is the last one.
    pub fn is_last(&self, entries: usize) -> bool {
        self.page.is_none_or(|page| entries < page.size)
    }
}
