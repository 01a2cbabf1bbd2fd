//! Lists that are read page by page.

use anyhow::Context as _;
use inlet_api_types::{PageInfo, RawJson, logs::SearchedLogs};
use serde::{Deserialize, de::DeserializeOwned};
use ureq::http::Method;

use super::{OutputArguments, note, print, print_json, shown_json};
use crate::client::{Client, Content, OTHER_VERSION, encoded};

/// The most entries of a page of the API.
const MAX_PAGE: u32 = 100;

/// The part of a list that is printed.
#[derive(Debug, clap::Args)]
pub struct PageArguments {
    /// The number of entries, newest first
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub limit: u32,
    /// Begin after this cursor, which the end of the page before names
    #[arg(long, value_name = "CURSOR")]
    pub cursor: Option<String>,
    /// Every page; with --json one entry on each line
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
}

#[derive(Deserialize)]
struct Listed {
    entries: Vec<RawJson>,
    page_info: PageInfo,
    #[serde(default)]
    looked_at: Option<u64>,
    #[serde(default)]
    searched: Option<SearchedLogs>,
}

impl Listed {
    /// How far a page looked that is not full although there may be more.
    fn reach(&self, limit: u32) -> Option<String> {
        if self.entries.len() >= limit as usize {
            return None;
        }
        match (&self.searched, self.looked_at) {
            (Some(searched), _) => Some(reach(searched)),
            (None, Some(entries)) => Some(format!("looked at {entries} entries")),
            (None, None) => None,
        }
    }
}

/// Says how far a search looked.
pub fn reach(searched: &SearchedLogs) -> String {
    let back_to = searched.as_far_as.as_deref().map(|time| format!(", back to {time}")).unwrap_or_default();
    format!("looked at {} entries{back_to}", searched.entries)
}

/// Prints a list, newest first. `path` has a query already.
pub fn list<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    page: &PageArguments,
    output: OutputArguments,
    show: impl Fn(Vec<T>) -> String,
) -> anyhow::Result<()> {
    let mut cursor = page.cursor.clone();
    let mut is_empty = true;
    loop {
        let limit = if page.all { MAX_PAGE } else { page.limit };
        let after = cursor.as_deref().map(|cursor| format!("&after={}", encoded(cursor))).unwrap_or_default();
        let text = client.send_for_text(Method::GET, &format!("{path}&limit={limit}{after}"), Content::None)?;
        let listed: Listed = serde_json::from_str(&text).context(OTHER_VERSION)?;
        is_empty &= listed.entries.is_empty();
        match (output.json, page.all) {
            (true, false) => print_json(&text)?,
            (true, true) => {
                for entry in &listed.entries {
                    print(&shown_json(entry.as_text()))?;
                }
            }
            (false, _) if listed.entries.is_empty() => {}
            (false, _) => print(&show(read_all(&listed.entries)?))?,
        }
        let reach = listed.reach(limit);
        cursor = listed.page_info.after;
        match &cursor {
            Some(_) if page.all => {}
            Some(cursor) => {
                match reach {
                    Some(reach) => note(&format!("{reach}; further back: --cursor {cursor}, or --all")),
                    None => note(&format!("there are more: --cursor {cursor}, or --all")),
                }
                return Ok(());
            }
            None => {
                if is_empty && !output.json {
                    note("there are none");
                }
                return Ok(());
            }
        }
    }
}

/// Prints a list that the API answers whole.
pub fn whole_list<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    output: OutputArguments,
    show: impl Fn(Vec<T>) -> String,
) -> anyhow::Result<()> {
    let text = client.send_for_text(Method::GET, path, Content::None)?;
    if output.json {
        return print_json(&text);
    }
    let listed: Listed = serde_json::from_str(&text).context(OTHER_VERSION)?;
    match listed.entries.is_empty() {
        true => note("there are none"),
        false => print(&show(read_all(&listed.entries)?))?,
    }
    Ok(())
}

/// Each entry is read from its own text, so that stored JSON in it keeps every digit.
fn read_all<T: DeserializeOwned>(entries: &[RawJson]) -> anyhow::Result<Vec<T>> {
    entries.iter().map(|entry| serde_json::from_str(entry.as_text()).context(OTHER_VERSION)).collect()
}
