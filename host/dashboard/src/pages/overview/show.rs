//! `GET /`

use askama::Template;
use futures_util::future::try_join3;
use inlet_api::Scope;
use inlet_api_types::{
    sources::AttentionCause,
    statistics::{DeliveryStatistics, TargetStatistics},
    targets::Target,
};
use inlet_engine::clock::now_ms;

use super::{
    range::Range,
    traffic::Traffic,
    without_effect::{self, WithoutEffect},
};
use crate::{
    components::{
        Html, chart,
        cure::{self, Cause},
        empty_state::empty_state,
        filter::{Choice, Filters},
        icon, outcome, time,
    },
    context::Page,
    error::PageResult,
    html,
    layout::Layout,
    pages::{
        sources::{
            may_create,
            summary::{self, Summary},
        },
        targets::new_target_address,
    },
    respond,
};

#[derive(Template)]
#[template(path = "pages/overview/show.html")]
struct OverviewPage<'a> {
    layout: Layout<'a>,
    filters: Filters,
    range: Range,
    traffic: Traffic,
    sources: Vec<Summary>,
    deliveries: DeliveryStatistics,
    without_effect: Vec<WithoutEffect>,
}

impl OverviewPage<'_> {
    fn may_create(&self) -> bool {
        may_create(self.layout.page)
    }

    /// The page that adds a target to the environment looked at last, for a token that may.
    fn new_target(&self) -> Option<String> {
        let environment = self.layout.environment().filter(|_| self.layout.page.can(Scope::Operate))?;
        Some(new_target_address(&environment.slug))
    }

    fn needs_attention(&self) -> i64 {
        self.sources.iter().map(|summary| summary.status.needs_attention.count).sum()
    }

    /// The causes of everything that needs attention, with the source of each.
    fn causes(&self) -> Vec<(&Summary, &AttentionCause)> {
        let mut causes = Vec::new();
        for summary in &self.sources {
            causes.extend(summary.status.needs_attention.causes.iter().map(|cause| (summary, cause)));
        }
        causes.sort_by_key(|(_, cause)| std::cmp::Reverse(cause.count));
        causes
    }

    fn ranges(&self) -> Vec<Choice> {
        self.range.choices(&self.filters)
    }

    fn environments(&self) -> Vec<Choice> {
        let environments = self.layout.page.environments.iter();
        let named: Vec<(&str, &str)> =
            environments.map(|environment| (environment.slug.as_str(), environment.name.as_str())).collect();
        self.filters.choices("environment", "All environments", &named)
    }

    fn spark(&self, summary: &Summary) -> Html {
        let values = self.traffic.of_source(&summary.source.key);
        let sum: u64 = values.iter().sum();
        chart::sparkline(&values, &format!("{} events in the {}", html::grouped(sum.cast_signed()), self.range.words))
    }

    fn target_badge(&self, target: &Target) -> Html {
        outcome::target(target.state).html()
    }

    /// The list of the deliveries of a target in the range with a status.
    fn deliveries_of(&self, row: &TargetStatistics, status: &str) -> String {
        let [environment, target] = [&row.environment, &row.target.key].map(|part| html::url_part(part));
        let since = html::url_part(&self.deliveries.from);
        format!("/e/{environment}/deliveries?target={target}&status={status}&starting_at={since}")
    }

    fn cure(&self, summary: &Summary, cause: &AttentionCause) -> Html {
        Cause::of(&summary.source.key, cause).html(&self.layout)
    }

    /// The name of a source for people.
    fn source_name<'s>(&'s self, key: &'s str) -> &'s str {
        self.sources.iter().find(|summary| summary.source.key == key).map_or(key, |summary| &summary.source.name)
    }

    fn effect(&self, row: &WithoutEffect) -> Html {
        row.cure.html(&self.layout)
    }

    fn target_cure(&self, environment: &str, target: &Target) -> Option<Html> {
        cure::of_target(environment, target, now_ms()).map(|cure| cure.html(&self.layout))
    }

    fn no_sources(&self) -> Html {
        let text = match self.may_create() {
            true => {
                "A source is a platform that sends webhooks. Create one, give its URL to the platform, and watch the first event \
                 arrive."
            }
            false => {
                "A source is a platform that sends webhooks. A token with the scope operate in all environments creates one."
            }
        };
        empty_state("Nothing flows in yet", text, self.may_create().then_some(("Create a source", "/sources/new")))
    }
}

/// Shows the overview of all environments, or of one.
pub async fn show(page: Page) -> PageResult {
    let filters = Filters::of("/", &page.query);
    let range = Range::of(&filters);
    let environment = filters.get("environment");
    let only = environment.map(|slug| format!("&environment={}", html::url_part(slug))).unwrap_or_default();
    let from = range.from(now_ms());
    let query = |path: &str| format!("{path}?from={}{only}", html::url_part(&from));
    let [statistics, deliveries] = ["/v1/statistics", "/v1/statistics/deliveries"].map(query);
    let (sources, statistics, deliveries) =
        try_join3(summary::all(&page, environment), page.get(&statistics), page.get(&deliveries)).await?;
    let shown = page.environments.iter().map(|found| found.slug.as_str());
    let shown: Vec<&str> = shown.filter(|slug| environment.is_none_or(|wanted| wanted == *slug)).collect();
    let traffic = Traffic::of(statistics);
    let without_effect = without_effect::read(&page, &shown, &from, &traffic).await?;
    let view = OverviewPage {
        layout: Layout::new(&page, "Overview"),
        range,
        traffic,
        sources,
        deliveries,
        without_effect,
        filters,
    };
    Ok(respond::html(&view))
}
