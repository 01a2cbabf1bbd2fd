//! The reach of a list whose filter has no index: at how many entries a page looked.

use askama::Template;
use inlet_api_types::{PageInfo, logs::SearchedLogs};

use super::{Html, filter::Filters, time};
use crate::html::grouped;

#[derive(Template)]
#[template(path = "components/looked_at.html")]
struct LookedAt {
    text: String,
}

/// Says at how many entries a page looked; nothing for a page that did not count them. `noun` is their plural.
pub fn looked_at(entries: Option<u64>, noun: &str, info: &PageInfo) -> Html {
    let Some(entries) = entries else { return Html::default() };
    let rest = match (&info.after, &info.before) {
        (Some(_), _) => "; older ones were not looked at yet",
        (None, Some(_)) => ", up to the oldest",
        (None, None) => ", which are all",
    };
    Html::of(&LookedAt { text: format!("Looked at {} {noun}{rest}.", grouped(entries.cast_signed())) })
}

#[derive(Template)]
#[template(path = "components/searched.html")]
struct Searched<'a> {
    text: String,
    back_to: Option<&'a str>,
    further: Option<String>,
}

/// Says how far the search of a page of event logs or of their actions looked, with a link to where it goes on; nothing for a
/// page without a search.
pub fn searched(searched: Option<&SearchedLogs>, filters: &Filters, info: &PageInfo) -> Html {
    let Some(searched) = searched else { return Html::default() };
    let entries = grouped(i64::try_from(searched.entries).unwrap_or(i64::MAX));
    let (text, back_to, further) = match searched.is_complete {
        true => (format!("Looked at all {entries} entries that are left"), None, None),
        false => {
            let further = info.after.as_deref().map(|after| filters.page("after", after));
            (format!("Looked at {entries} entries"), searched.as_far_as.as_deref(), further)
        }
    };
    Html::of(&Searched { text, back_to, further })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reach_says_whether_there_is_more() {
        let text = |after: Option<&str>, before: Option<&str>| {
            let info = PageInfo::new(after.map(str::to_owned), before.map(str::to_owned), 50);
            looked_at(Some(20_000), "runs", &info).as_str().to_owned()
        };
        assert!(text(Some("a"), None).contains("Looked at 20,000 runs; older ones were not looked at yet."));
        assert!(text(None, Some("b")).contains("Looked at 20,000 runs, up to the oldest."));
        assert!(text(None, None).contains("Looked at 20,000 runs, which are all."));
        assert_eq!(looked_at(None, "runs", &PageInfo::new(None, None, 50)).as_str(), "");
    }
}
