//! `GET /`

use askama::Template;
use futures_util::future::{try_join, try_join_all};
use inlet_api_types::{
    sources::AttentionCause,
    targets::{Target, TargetList},
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
    pages::sources::summary::{self, Summary},
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
    /// The environment and a target of it.
    targets: Vec<(String, Target)>,
    without_effect: Vec<WithoutEffect>,
}

impl OverviewPage<'_> {
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

    fn cure(&self, summary: &Summary, cause: &AttentionCause) -> Html {
        Cause::of(&summary.source.key, cause).html(&self.layout)
    }

    fn effect(&self, row: &WithoutEffect) -> Html {
        row.cure.html(&self.layout)
    }

    fn target_cure(&self, environment: &str, target: &Target) -> Option<Html> {
        cure::of_target(environment, target, now_ms()).map(|cure| cure.html(&self.layout))
    }

    fn no_sources(&self) -> Html {
        empty_state(
            "Nothing flows in yet",
            "A source is a platform that sends webhooks. Create one, give its URL to the platform, and watch the first event arrive.",
            Some(("Create a source", "/sources/new")),
        )
    }
}

/// Shows the overview of all environments, or of one.
pub async fn show(page: Page) -> PageResult {
    let filters = Filters::of("/", &page.query);
    let range = Range::of(&filters);
    let environment = filters.get("environment");
    let from = range.from(now_ms());
    let mut query = format!("/v1/statistics?from={}", html::url_part(&from));
    if let Some(slug) = environment {
        query.push_str(&format!("&environment={}", html::url_part(slug)));
    }
    let (sources, statistics) = try_join(summary::all(&page, environment), page.get(&query)).await?;
    let shown = page.environments.iter().map(|found| found.slug.as_str());
    let shown: Vec<&str> = shown.filter(|slug| environment.is_none_or(|wanted| wanted == *slug)).collect();
    let targets = try_join_all(shown.iter().map(async |slug| {
        let list: TargetList = page.get(&format!("/v1/targets?environment={}", html::url_part(slug))).await?;
        Ok::<_, crate::error::PageError>(list.entries.into_iter().map(|target| ((*slug).to_owned(), target)))
    }));
    let traffic = Traffic::of(statistics);
    let (targets, without_effect) = try_join(targets, without_effect::read(&page, &shown, &from, &traffic)).await?;
    let view = OverviewPage {
        layout: Layout::new(&page, "Overview"),
        range,
        traffic,
        sources,
        targets: targets.into_iter().flatten().collect(),
        without_effect,
        filters,
    };
    Ok(respond::html(&view))
}
