//! Snapshots of the components.

use inlet_api_types::PageInfo;

use super::{
    chart, copy, empty_state,
    filter::Filters,
    form, outcome, pagination, provider_mark,
    waterfall::{Stage, waterfall},
};
use crate::error::PageError;

#[test]
fn badges() {
    let badges: Vec<String> = outcome::EVENT_OUTCOMES
        .iter()
        .chain(&["refused"])
        .map(|name| outcome::event(name))
        .chain([
            outcome::event("executed").with_detail("delivered 2/3"),
            outcome::without_target(),
            outcome::delivery("dead"),
        ])
        .map(|badge| format!("{} ({})", badge.label, badge.tone.as_str()))
        .collect();
    insta::assert_snapshot!(badges.join("\n"), @r"
    Done (done)
    Nobody reached (waiting)
    Duplicate (idempotent) (duplicate)
    No action (quiet)
    Handshake (quiet)
    Unreadable (failed)
    Failed (failed)
    Signature refused (failed)
    Done (delivered 2/3) (done)
    Not sent: no target (waiting)
    Gave up (failed)
    ");
    assert_eq!(
        outcome::event("<b>").html().as_str(),
        r##"<span class="badge tone-quiet"><svg class="icon" aria-hidden="true"><use href="#i-none"/></svg>&lt;b&gt;</span>"##
    );
}

#[test]
fn a_field_shows_its_error() {
    let error = PageError {
        status: axum::http::StatusCode::UNPROCESSABLE_ENTITY,
        message: "found \"\", expected 1 to 255 characters".to_owned(),
        field: Some("environment_settings.development.name".to_owned()),
    };
    let field = form::Field::new(form::Kind::Text, "name", "Name", "<x>").hint("For people.").required();
    insta::assert_snapshot!(field.error_of(Some(&error)).html());
    assert_eq!(form::error_elsewhere(Some(&error), &["name"]), None);
    assert!(form::error_elsewhere(Some(&error), &["key"]).is_some());
}

#[test]
fn small_parts() {
    let filters = Filters::of("/logs", "outcome=failed");
    let info = PageInfo::new(Some("a".to_owned()), Some("b".to_owned()), 50);
    let parts = [
        copy::value("https://x/\"", "Copy the URL"),
        empty_state::empty_state("No sources yet", "Create one.", Some(("Create a source", "/sources/new"))),
        filters.chips(|name, value| format!("{name}: {value}")),
        pagination::pagination(&filters, &info),
        provider_mark::initials_mark("standard-webhooks", "Standard Webhooks"),
        chart::sparkline(&[0, 4, 2], "6 events in the last hour"),
    ];
    insta::assert_snapshot!(parts.map(|part| part.to_string()).join("\n"));
}

#[test]
fn stages_share_one_line_of_time() {
    let stage = |label: &str, start_us, duration_us| Stage {
        label: label.to_owned(),
        detail: "ok".to_owned(),
        tone: outcome::Tone::Done,
        start_us: Some(start_us),
        duration_us: Some(duration_us),
        href: None,
    };
    insta::assert_snapshot!(waterfall(&[stage("Receive", 0, 250), stage("Translate", 250, 750)]));
}
