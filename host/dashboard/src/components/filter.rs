//! Filters: the query string of a page is the API's own, and each of its parameters is a chip that can be taken off.

use askama::Template;

use super::Html;
use crate::html::url_part;

/// Parameters of a list that are no filters.
const CURSORS: [&str; 4] = ["after", "before", "limit", "page_size"];

/// The query of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    path: String,
    pairs: Vec<(String, String)>,
    kept: Option<&'static str>,
}

/// A choice of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The text.
    pub label: String,
    /// The address of the list with this choice.
    pub href: String,
    /// True if it is chosen.
    pub is_chosen: bool,
}

impl Filters {
    /// Reads the query of a page. Empty values, which forms send, count as absent.
    pub fn of(path: &str, query: &str) -> Self {
        let uri = format!("/?{query}").parse::<axum::http::Uri>();
        let pairs = uri.ok().and_then(|uri| {
            axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).ok().map(|query| query.0)
        });
        let pairs = pairs.unwrap_or_default().into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Self { path: path.to_owned(), pairs, kept: None }
    }

    /// Takes a parameter as the choice of a list, such as its source: it is no filter, no chip and nothing of the API's query,
    /// and stands in every address.
    pub fn keeping(self, name: &'static str) -> Self {
        Self { kept: Some(name), ..self }
    }

    /// Returns the value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rfind(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Returns true if nothing is filtered.
    pub fn is_empty(&self) -> bool {
        self.filters().all(|(name, _)| self.is_kept(name))
    }

    fn is_kept(&self, name: &str) -> bool {
        self.kept == Some(name)
    }

    /// The filters, without cursors, and what is kept.
    pub fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        pairs.filter(|(name, _)| !CURSORS.contains(name))
    }

    /// Returns the filters that are not among the fields of a form, which the form keeps.
    pub fn beside<'f>(&'f self, fields: &'f [(&str, &str, &str)]) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.filters().filter(|(name, _)| fields.iter().all(|(field, ..)| field != name))
    }

    /// Returns the query string for the API: what the page has, after `more`, such as the environment of the path.
    pub fn to_query(&self, more: &[(&str, &str)]) -> String {
        let own = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let own = own.filter(|(name, _)| !self.is_kept(name) && more.iter().all(|(given, _)| given != name));
        write_query(more.iter().copied().chain(own))
    }

    /// Returns the address of the list with one parameter changed, from its first page.
    pub fn with(&self, name: &str, value: &str) -> String {
        let others = self.filters().filter(|(found, _)| *found != name);
        self.address(others.chain([(name, value)]))
    }

    /// Returns the address of the list without a parameter, from its first page.
    pub fn without(&self, name: &str) -> String {
        self.address(self.filters().filter(|(found, _)| *found != name))
    }

    /// Returns the address of a page of the list: `after` or `before` with its cursor.
    pub fn page(&self, name: &str, cursor: &str) -> String {
        self.address(self.filters().chain([(name, cursor)]))
    }

    /// Returns the filters without some parameters, from the first page.
    pub fn dropping(&self, names: &[&str]) -> Self {
        let is_left =
            |(name, _): &&(String, String)| !names.contains(&name.as_str()) && !CURSORS.contains(&name.as_str());
        Self { pairs: self.pairs.iter().filter(is_left).cloned().collect(), ..self.clone() }
    }

    /// Returns the filters with one more.
    pub fn and(&self, name: &str, value: &str) -> Self {
        let mut more = self.clone();
        more.pairs.push((name.to_owned(), value.to_owned()));
        more
    }

    /// Returns the address of the list with one filter only.
    pub fn only(&self, name: &str, value: &str) -> String {
        self.address(self.filters().filter(|(name, _)| self.is_kept(name)).chain([(name, value)]))
    }

    /// Returns the choices of one parameter, with one for all.
    pub fn choices(&self, name: &str, all: &str, values: &[(&str, &str)]) -> Vec<Choice> {
        let chosen = self.get(name);
        let every = Choice { label: all.to_owned(), href: self.without(name), is_chosen: chosen.is_none() };
        let each = values.iter().map(|(value, label)| Choice {
            label: (*label).to_owned(),
            href: self.with(name, value),
            is_chosen: chosen == Some(value),
        });
        [every].into_iter().chain(each).collect()
    }

    /// The filters as chips, each with the way to take it off. `label` names a parameter and its value for people; it is
    /// empty for one without a chip.
    pub fn chips(&self, label: impl Fn(&str, &str) -> String) -> Html {
        let filters = self.filters().filter(|(name, _)| !self.is_kept(name));
        let chips = filters.map(|(name, value)| (label(name, value), self.without(name)));
        let chips = chips.filter(|(label, _)| !label.is_empty()).collect();
        Html::of(&Chips { chips, none: self.none() })
    }

    /// Returns the address of the list without filters.
    pub fn none(&self) -> String {
        self.address(self.filters().filter(|(name, _)| self.is_kept(name)))
    }

    fn address<'a>(&self, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
        match write_query(pairs).as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }
}

fn write_query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    pairs.map(|(name, value)| format!("{}={}", url_part(name), url_part(value))).collect::<Vec<_>>().join("&")
}

#[derive(Template)]
#[template(path = "components/chips.html")]
struct Chips {
    chips: Vec<(String, String)>,
    none: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_the_query_string() {
        let filters = Filters::of("/logs", "outcome=failed&search=a%20b&after=x&empty=");
        assert_eq!(filters.get("search"), Some("a b"));
        assert_eq!(filters.with("outcome", "executed"), "/logs?search=a%20b&outcome=executed");
        assert_eq!(filters.without("outcome"), "/logs?search=a%20b");
        assert_eq!(filters.page("after", "y"), "/logs?outcome=failed&search=a%20b&after=y");
        let query = filters.to_query(&[("environment", "development")]);
        assert_eq!(query, "environment=development&outcome=failed&search=a%20b&after=x");
        assert!(Filters::of("/logs", "after=x").is_empty());
        assert_eq!(filters.dropping(&["outcome"]).to_query(&[]), "search=a%20b");
        assert_eq!(filters.and("code", "x").to_query(&[]), "outcome=failed&search=a%20b&after=x&code=x");
        assert_eq!(filters.only("code", "x"), "/logs?code=x");
    }

    #[test]
    fn the_choice_of_a_list_is_no_filter() {
        let filters = Filters::of("/logs", "source=shop&outcome=failed&after=x").keeping("source");
        assert_eq!(filters.to_query(&[]), "outcome=failed&after=x");
        assert_eq!(filters.without("outcome"), "/logs?source=shop");
        assert_eq!(filters.none(), "/logs?source=shop");
        assert!(!filters.chips(|name, _| name.to_owned()).as_str().contains("source</span>"));
        assert!(Filters::of("/logs", "source=shop").keeping("source").is_empty());
    }

    #[test]
    fn the_page_cannot_name_another_environment() {
        let filters = Filters::of("/logs", "environment=production");
        assert_eq!(filters.to_query(&[("environment", "development")]), "environment=development");
    }
}
