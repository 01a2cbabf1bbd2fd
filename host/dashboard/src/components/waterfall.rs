//! The stages of an event or a delivery on one line of time, from the raw request to the last answer.

use std::fmt::Write as _;

use super::{Html, outcome::Tone, time::micros};
use crate::html::escape;

/// A stage.
pub struct Stage {
    /// The name.
    pub label: String,
    /// The result, in a few words.
    pub detail: String,
    /// The colour.
    pub tone: Tone,
    /// The begin, in microseconds after the first stage's; none if no time is known.
    pub start_us: Option<u64>,
    /// The duration, in microseconds; none if it is not known.
    pub duration_us: Option<u64>,
    /// The place of its details, such as `#verification`.
    pub href: Option<String>,
}

/// A list of stages, each with its share of the time as a bar.
pub fn waterfall(stages: &[Stage]) -> Html {
    let end = |stage: &Stage| stage.start_us.unwrap_or(0) + stage.duration_us.unwrap_or(0);
    let whole = stages.iter().map(end).max().unwrap_or(0).max(1) as f64;
    let mut html = r#"<ol class="waterfall channel">"#.to_owned();
    for stage in stages {
        let (tone, label, detail) = (stage.tone.as_str(), escape(&stage.label), escape(&stage.detail));
        let _ = write!(html, r#"<li class="stage tone-{tone}"><span class="stage-label">"#);
        let _ = match &stage.href {
            Some(href) => write!(html, r#"<a href="{}">{label}</a>"#, escape(href)),
            None => write!(html, "{label}"),
        };
        let _ = write!(html, r#"</span><span class="stage-detail">{detail}</span>"#);
        if let (Some(start), Some(duration)) = (stage.start_us, stage.duration_us) {
            let x = start as f64 / whole * 100.0;
            // Something is seen of every stage.
            let width = (duration as f64 / whole * 100.0).max(0.6).min(100.0 - x);
            let _ = write!(
                html,
                r#"<svg class="stage-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="stage-track" width="100" height="6"/><rect class="fill-{tone}" x="{x:.2}" width="{width:.2}" height="6"/></svg>"#
            );
        }
        if let Some(duration) = stage.duration_us {
            let _ = write!(html, r#"<span class="stage-time">{}</span>"#, micros(duration));
        }
        html.push_str("</li>");
    }
    html.push_str("</ol>");
    Html::trusted(html)
}
