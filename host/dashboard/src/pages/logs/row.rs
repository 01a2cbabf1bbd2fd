//! One row of the list of logs, as the page and its live tail show it.

use askama::Template;
use inlet_api_types::logs::SourceLog;

use crate::{
    components::{Html, outcome, time},
    html::url_part,
};

#[derive(Template)]
#[template(path = "pages/logs/row.html")]
struct Row<'a> {
    entry: &'a SourceLog,
    columns: Columns,
}

/// The parts of a row that depend on the list.
#[derive(Debug, Clone, Copy)]
pub struct Columns {
    /// True in a list of several sources.
    pub source: bool,
    /// True unless every entry of the list needs attention.
    pub attention: bool,
}

impl Row<'_> {
    fn badge(&self) -> outcome::Badge {
        outcome::entry(self.entry)
    }

    fn why(&self) -> Option<String> {
        why(self.entry)
    }

    fn href(&self) -> String {
        href(self.entry)
    }
}

/// Returns the row of an entry, on one line.
pub fn row(entry: &SourceLog, columns: Columns) -> Html {
    Html::of(&Row { entry, columns })
}

/// Returns the address of an entry's page.
pub fn href(entry: &SourceLog) -> String {
    let [environment, source, id] = [&entry.environment, &entry.source, &entry.id].map(|part| url_part(part));
    format!("/e/{environment}/logs/{source}/{id}")
}

/// Returns the reason why nothing was carried out for an entry; none if something was, and no reason is stored.
pub fn why(entry: &SourceLog) -> Option<String> {
    match (&entry.reason, &entry.code) {
        (Some(reason), Some(code)) => Some(format!("{code}: {reason}")),
        (Some(text), None) | (None, Some(text)) => Some(text.clone()),
        (None, None) => None,
    }
}
