//! The deliveries that a filter selects, as the API takes them for what is done with many at once.

use crate::{components::filter::Filters, html::url_part};

/// The filters that the API takes for many deliveries.
const TAKEN: [&str; 6] = ["target", "status", "workflow", "mapping_id", "starting_at", "ending_at"];

/// Deliveries that match all that is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection(Vec<(&'static str, String)>);

impl Selection {
    /// Returns the selection of a list's filters; none if one of them cannot be taken.
    pub fn of(filters: &Filters) -> Option<Self> {
        let is_taken = !["workflow_run_id", "source_event_id"].iter().any(|name| filters.get(name).is_some());
        let given = TAKEN.iter().filter_map(|name| Some((*name, filters.get(name)?.to_owned())));
        is_taken.then(|| Self(given.collect()))
    }

    /// Returns the value of a filter, for the body of a request.
    pub fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone())
    }

    /// Returns the status.
    pub fn status(&self) -> Option<&str> {
        self.0.iter().find(|(given, _)| *given == "status").map(|(_, value)| value.as_str())
    }

    /// Returns true if something beside the status is given.
    pub fn is_narrow(&self) -> bool {
        self.0.iter().any(|(name, _)| *name != "status")
    }

    /// Returns the query string.
    pub fn query(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={}", url_part(value))).collect::<Vec<_>>().join("&")
    }

    /// Returns the address of a page below the list, or of the list itself.
    pub fn address(&self, environment: &str, place: &str) -> String {
        let slash = if place.is_empty() { "" } else { "/" };
        format!("/e/{}/deliveries{slash}{place}?{}", url_part(environment), self.query())
    }

    /// Describes the selection in words.
    pub fn words(&self) -> String {
        let word = |(name, value): &(&str, String)| match *name {
            "status" => None,
            "target" => Some(format!("to {value}")),
            "workflow" => Some(format!("of the workflow {value}")),
            "mapping_id" => Some(format!("of the mapping {value}")),
            "starting_at" => Some(format!("from {value}")),
            _ => Some(format!("until {value}")),
        };
        match self.0.iter().filter_map(word).collect::<Vec<_>>() {
            words if words.is_empty() => "of this environment".to_owned(),
            words => words.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_what_the_api_takes() {
        let of = |query: &str| Selection::of(&Filters::of("/e/x/deliveries", query));
        let selection = of("status=dead&target=crm&after=z&workflow=a%20b").unwrap();
        assert_eq!(selection.address("x", "~retry"), "/e/x/deliveries/~retry?target=crm&status=dead&workflow=a%20b");
        assert_eq!(selection.words(), "to crm, of the workflow a b");
        assert!(selection.is_narrow() && !of("status=dead").unwrap().is_narrow());
        assert_eq!(of("workflow_run_id=1"), None, "it would be left out of account");
    }
}
