//! `GET /e/{environment}/deliveries`

use askama::Template;
use axum::{extract::Path, http::StatusCode};
use inlet_api::Scope;
use inlet_api_types::{deliveries::DeliveryList, targets::TargetList};

use super::{selection::Selection, table};
use crate::{
    components::{
        Html,
        empty_state::empty_state,
        filter::{Choice, Filters},
        form::{Field, Kind, error_elsewhere},
        icon,
        looked_at::looked_at,
        outcome,
        pagination::pagination,
    },
    context::Page,
    error::{PageError, PageResult},
    html::url_part,
    layout::Layout,
    pages::targets::target_address,
    respond,
};

/// The statuses in the order in which they are offered.
const STATUSES: [&str; 5] = ["dead", "retrying", "pending", "delivered", "canceled"];
/// The filters that the form offers beside the target, with a label and an example.
const FIELDS: [(&str, &str, &str); 6] = [
    ("workflow", "Workflow", "order-confirmation"),
    ("workflow_run_id", "Run", ""),
    ("source_event_id", "Event", ""),
    ("mapping_id", "Mapping", ""),
    ("starting_at", "From (UTC)", "2026-01-02T03:04:05Z"),
    ("ending_at", "Until (UTC)", "2026-01-02T03:04:05Z"),
];

#[derive(Template)]
#[template(path = "pages/deliveries/list.html")]
struct ListPage<'a> {
    layout: Layout<'a>,
    environment: String,
    targets: TargetList,
    filters: Filters,
    list: Option<DeliveryList>,
    error: Option<PageError>,
}

impl ListPage<'_> {
    fn statuses(&self) -> Vec<Choice> {
        let labels = STATUSES.map(|name| (name, outcome::delivery(name).label));
        let values: Vec<(&str, &str)> = labels.iter().map(|(name, label)| (*name, label.as_str())).collect();
        self.filters.choices("status", "All", &values)
    }

    fn kept_by_form(&self) -> Vec<(&str, &str)> {
        self.filters.beside(&FIELDS).filter(|(name, _)| *name != "target").collect()
    }

    fn fields(&self) -> Vec<Html> {
        let target = Field::new(Kind::Text, "target", "Target", self.value("target"));
        let targets = self.targets.entries.iter().map(|target| (target.key.clone(), target.key.clone()));
        let target = target.choices([(String::new(), "any".to_owned())].into_iter().chain(targets));
        let texts = FIELDS.map(|filter| Field::of_filter(filter, self.value(filter.0)));
        let all = [target].into_iter().chain(texts);
        all.map(|field| field.error_of(self.error.as_ref()).html()).collect()
    }

    fn value(&self, name: &str) -> &str {
        self.filters.get(name).unwrap_or_default()
    }

    fn error_elsewhere(&self) -> Option<&str> {
        error_elsewhere(self.error.as_ref(), &[&FIELDS.map(|(name, ..)| name)[..], &["target"]].concat())
    }

    fn chips(&self) -> Html {
        self.filters.chips(|name, value| match name {
            "status" => outcome::delivery(value).label,
            "target" => format!("Target: {value}"),
            name => {
                let label = FIELDS.iter().find(|(field, ..)| *field == name).map_or(name, |(_, label, _)| label);
                format!("{label}: {value}")
            }
        })
    }

    /// The pages that retry or discard all that the filters select, where the API can.
    fn many(&self) -> Vec<(&'static str, String)> {
        let Some(selection) = Selection::of(&self.filters).filter(|_| self.layout.page.can(Scope::Operate)) else {
            return Vec::new();
        };
        let address = |place: &str| selection.address(&self.environment, place);
        let retry = matches!(selection.status(), Some("dead" | "retrying")).then(|| ("Retry all…", address("~retry")));
        let is_open = matches!(selection.status(), None | Some("pending" | "retrying"));
        let discard = (is_open && selection.is_narrow()).then(|| ("Discard all…", address("~discard")));
        retry.into_iter().chain(discard).collect()
    }

    fn table(&self) -> Html {
        self.list.as_ref().map(|list| table(&self.environment, &list.entries)).unwrap_or_default()
    }

    /// The page of the first target, which sends a test delivery.
    fn test(&self) -> String {
        let first = self.targets.entries.first().map(|target| target.key.as_str()).unwrap_or_default();
        format!("{}#test-title", target_address(&self.environment, first))
    }

    fn empty(&self) -> Html {
        match (self.filters.is_empty(), self.targets.entries.is_empty()) {
            (true, true) => empty_state(
                "Nothing is delivered yet",
                "Runs go to the targets of this environment, and it has none.",
                Some(("Targets", &format!("/e/{}/targets", url_part(&self.environment)))),
            ),
            (true, false) => empty_state(
                "Nothing is delivered yet",
                "A mapping that triggers a workflow makes a run, and a run a delivery for each target that wants it. The page of \
                 a target sends a test delivery.",
                Some(("Send a test delivery", &self.test())),
            ),
            (false, _) => empty_state(
                "Nothing matches",
                "No delivery that is still kept, and was looked at, has all of these filters.",
                Some(("Show all", &self.filters.none())),
            ),
        }
    }

    fn looked_at(&self) -> Html {
        self.list.as_ref().map(|list| looked_at(list.looked_at, "deliveries", &list.page_info)).unwrap_or_default()
    }

    fn pages(&self) -> Html {
        self.list.as_ref().map(|list| pagination(&self.filters, &list.page_info)).unwrap_or_default()
    }
}

/// Lists deliveries, newest first.
pub async fn list(page: Page, Path(environment): Path<String>) -> PageResult {
    let filters = Filters::of(&page.path, &page.query);
    let list_path = format!("/v1/deliveries?{}", filters.to_query(&[("environment", &environment)]));
    let targets_path = format!("/v1/targets?environment={}", url_part(&environment));
    let (answer, targets) = tokio::join!(page.get::<DeliveryList>(&list_path), page.get::<TargetList>(&targets_path));
    let (list, error) = match answer {
        Ok(list) => (Some(list), None),
        // A filter that the API refuses is told at its field.
        Err(failure) if failure.body.field.is_some() => (None, Some(PageError::from(failure))),
        Err(failure) => return Err(failure.into()),
    };
    let status = error.as_ref().map_or(StatusCode::OK, |error| error.status);
    let layout = Layout::new(&page, "Deliveries");
    let mut response = respond::html(&ListPage { layout, environment, targets: targets?, filters, list, error });
    *response.status_mut() = status;
    Ok(response)
}
