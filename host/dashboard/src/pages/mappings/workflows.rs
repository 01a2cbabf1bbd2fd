//! `GET /e/{environment}/sources/{key}/mappings/workflows`: suggestions for the key of a workflow, which targets' engines list.

use std::collections::BTreeSet;

use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};
use futures_util::future::join_all;
use inlet_api_types::{
    sources::SourceMapping,
    targets::{Target, TargetList, TargetWorkflows},
};
use inlet_core::json;

use crate::{
    components::Html,
    context::{HTML, Page},
    error::PageResult,
    html::{escape, url_part},
};

/// Returns the keys that mappings and targets name already.
pub fn named(mappings: &[SourceMapping], targets: &[Target]) -> BTreeSet<String> {
    let of_mapping = |mapping: &SourceMapping| {
        let is_workflow = mapping.action_type.starts_with("workflows_");
        json::member(mapping.action_parameters.as_text(), "key").filter(|_| is_workflow).and_then(json::string)
    };
    let of_targets = targets.iter().filter_map(|target| target.workflows.as_ref()).flatten().cloned();
    mappings.iter().filter_map(of_mapping).chain(of_targets).collect()
}

/// Returns the options of a list of suggestions.
pub fn options(keys: &BTreeSet<String>) -> Html {
    Html::trusted(keys.iter().map(|key| format!(r#"<option value="{}"></option>"#, escape(key))).collect())
}

/// Answers with the workflows of the engines of all targets. An engine that does not answer adds none.
pub async fn workflows(page: Page, Path((environment, _)): Path<(String, String)>) -> PageResult {
    let environment = url_part(&environment);
    let targets: TargetList = page.get(&format!("/v1/targets?environment={environment}")).await?;
    let lists =
        join_all(targets.entries.iter().map(|target| {
            let path = format!("/v1/targets/{}/workflows?environment={environment}", url_part(&target.key));
            let page = page.clone();
            async move {
                page.get::<TargetWorkflows>(&path).await.ok().and_then(|listed| listed.entries).unwrap_or_default()
            }
        }))
        .await;
    let mut keys = named(&[], &targets.entries);
    keys.extend(lists.into_iter().flatten().map(|workflow| workflow.key));
    let response: Response = ([(axum::http::header::CONTENT_TYPE, HTML)], options(&keys).to_string()).into_response();
    Ok(response)
}
