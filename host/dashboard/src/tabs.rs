//! The tabs of pages that belong together: one list for each group.

use crate::{context::Page, html::url_part};

/// A source's pages in an environment: the text, and the last part of the address.
const SOURCE: &[(&str, &str)] = &[
    ("Events", "events"),
    ("Mappings", "mappings"),
    ("Logs", "logs"),
    (REFUSED, "refused"),
    ("Settings", "settings"),
    ("Try it", "try"),
];
/// The tab of a source's refused requests.
const REFUSED: &str = "Refused requests";

/// The pages of the settings.
const SETTINGS: &[(&str, &str)] = &[
    ("Environments", "environments"),
    ("Tokens", "tokens"),
    ("API keys", "keys"),
    ("Variables", "variables"),
    ("Retention", "retention"),
    ("Privacy", "privacy"),
];

/// The lists of everybody and everything that runs can be for.
const RECIPIENTS: &[(&str, &str)] =
    &[("Users", "users"), ("Objects", "objects"), ("Tenants", "tenants"), ("Audiences", "audiences")];

/// A page beside the one that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// The text.
    pub label: &'static str,
    /// The address.
    pub href: String,
    /// True for the page that is shown, and for the pages below it.
    pub is_here: bool,
    /// The number beside the text, where the page knows it.
    pub count: Option<i64>,
}

/// Returns the tabs of a source in the environment of the page. Its actions are the list of its environment, filtered.
pub fn of_source(page: &Page, key: &str) -> Vec<Tab> {
    let slug = page.environment.as_ref().map(|environment| environment.slug.as_str()).unwrap_or_default();
    let (slug, key) = (url_part(slug), url_part(key));
    let mut tabs = tabs(&format!("/e/{slug}/sources/{key}"), SOURCE, &page.path);
    let href = format!("/e/{slug}/actions?source={key}");
    let after_logs = tabs.iter().position(|tab| tab.label == REFUSED).unwrap_or(tabs.len());
    tabs.insert(after_logs, Tab { label: "Actions", href, is_here: false, count: None });
    tabs
}

/// Writes the number of a source's refused requests beside their tab.
pub fn count_refused(tabs: &mut [Tab], count: i64) {
    for tab in tabs.iter_mut().filter(|tab| tab.label == REFUSED) {
        tab.count = Some(count).filter(|count| *count > 0);
    }
}

/// Returns the address of the first tab of a source in an environment; none while a source has no tabs.
pub fn first_of_source(environment: &str, key: &str) -> Option<String> {
    let (_, place) = SOURCE.first()?;
    Some(format!("/e/{}/sources/{}/{place}", url_part(environment), url_part(key)))
}

/// Returns the tabs of the settings.
pub fn of_settings(page: &Page) -> Vec<Tab> {
    tabs("/settings", SETTINGS, &page.path)
}

/// Returns the tabs of users, objects, tenants and audiences in the environment of the page.
pub fn of_recipients(page: &Page) -> Vec<Tab> {
    let slug = page.environment.as_ref().map(|environment| environment.slug.as_str()).unwrap_or_default();
    tabs(&format!("/e/{}", url_part(slug)), RECIPIENTS, &page.path)
}

fn tabs(parent: &str, places: &[(&'static str, &str)], path: &str) -> Vec<Tab> {
    let tab = |&(label, place): &(&'static str, &str)| {
        let href = format!("{parent}/{place}");
        let is_here = path.strip_prefix(href.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        Tab { label, href, is_here, count: None }
    };
    places.iter().map(tab).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_below_a_tab_is_of_it() {
        let places = [("Logs", "logs"), ("Log", "log")];
        let here = |path: &str| tabs("/e/x/sources/shop", &places, path).into_iter().map(|tab| tab.is_here).collect();
        let nowhere: Vec<bool> = here("/e/x/sources/shop");
        assert_eq!(nowhere, [false, false]);
        assert_eq!(here("/e/x/sources/shop/logs/018f") as Vec<bool>, [true, false]);
        assert_eq!(here("/e/x/sources/shop/log") as Vec<bool>, [false, true]);
    }
}
