//! Charts as SVG, made on the server. Classes of `charts.css` colour them, so that they follow the page's colours.

use std::fmt::Write as _;

use super::{Html, outcome::Tone};
use crate::html::{escape, grouped};

/// A line without axes, for a row of a list. `label` says it in words.
pub fn sparkline(values: &[u64], label: &str) -> Html {
    const WIDTH: f64 = 96.0;
    const HEIGHT: f64 = 24.0;
    let most = values.iter().copied().max().unwrap_or(0);
    if values.len() < 2 || most == 0 {
        let label = escape(label);
        return Html::trusted(format!(
            r#"<svg class="spark" viewBox="0 0 96 24" role="img" aria-label="{label}"><path class="spark-none" d="M0 22.5H96"/></svg>"#
        ));
    }
    let step = WIDTH / (values.len() - 1) as f64;
    let y = |value: u64| HEIGHT - 1.5 - (value as f64 / most as f64) * (HEIGHT - 4.0);
    let mut line = String::new();
    for (index, value) in values.iter().enumerate() {
        let command = if index == 0 { 'M' } else { 'L' };
        let _ = write!(line, "{command}{:.1} {:.1}", index as f64 * step, y(*value));
    }
    Html::trusted(format!(
        r#"<svg class="spark" viewBox="0 0 96 24" preserveAspectRatio="none" role="img" aria-label="{}"><path class="spark-area" d="{line}L{WIDTH} {HEIGHT}L0 {HEIGHT}Z"/><path class="spark-line" d="{line}"/></svg>"#,
        escape(label)
    ))
}

/// One colour of a bar chart.
pub struct Series {
    /// The name in the legend.
    pub label: String,
    /// The colour.
    pub tone: Tone,
    /// The values, one for each step.
    pub values: Vec<u64>,
}

/// Bars over time, stacked by series. `labels` names each step on hover; `first`, `last` stand under the axis.
pub fn bars(series: &[Series], labels: &[String], title: &str) -> Html {
    const WIDTH: f64 = 720.0;
    const HEIGHT: f64 = 160.0;
    let steps = labels.len().max(1);
    let total = |step: usize| series.iter().map(|series| series.values.get(step).copied().unwrap_or(0)).sum::<u64>();
    let most = nice((0..labels.len()).map(total).max().unwrap_or(0).max(1));
    let slot = WIDTH / steps as f64;
    let bar = (slot - (slot * 0.25).min(3.0)).max(0.5);
    let mut svg = format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" aria-label="{}">"#,
        escape(title)
    );
    for line in 0..=4 {
        let y = HEIGHT - f64::from(line) / 4.0 * (HEIGHT - 8.0);
        let _ = write!(svg, r#"<path class="chart-grid" d="M0 {y:.1}H{WIDTH}"/>"#);
    }
    for (step, label) in labels.iter().enumerate() {
        if total(step) == 0 {
            continue;
        }
        let (x, mut y) = (step as f64 * slot, HEIGHT);
        let _ = write!(svg, "<g><title>{}", escape(label));
        for series in series.iter().filter(|series| series.values.get(step).is_some_and(|value| *value > 0)) {
            let _ = write!(svg, "\n{}: {}", escape(&series.label), grouped(series.values[step] as i64));
        }
        svg.push_str("</title>");
        for series in series {
            let value = series.values.get(step).copied().unwrap_or(0);
            if value == 0 {
                continue;
            }
            // Something is seen of every value.
            let height = (value as f64 / most as f64 * (HEIGHT - 8.0)).max(1.5);
            y -= height;
            let tone = series.tone.as_str();
            let _ = write!(
                svg,
                r#"<rect class="fill-{tone}" x="{x:.2}" y="{y:.1}" width="{bar:.2}" height="{height:.1}"/>"#
            );
        }
        svg.push_str("</g>");
    }
    svg.push_str("</svg>");
    let (first, last) = (labels.first().map_or("", String::as_str), labels.last().map_or("", String::as_str));
    let legend: String = series
        .iter()
        .filter(|series| series.values.iter().any(|value| *value > 0))
        .map(|series| {
            let sum: u64 = series.values.iter().sum();
            let (tone, label) = (series.tone.as_str(), escape(&series.label));
            format!(
                r#"<li><span class="swatch fill-{tone}"></span>{label} <strong>{}</strong></li>"#,
                grouped(sum as i64)
            )
        })
        .collect();
    Html::trusted(format!(
        r#"<figure class="chart-figure"><div class="chart-box"><span class="chart-most">{}</span>{svg}</div><div class="chart-axis"><span>{}</span><span>{}</span></div><ul class="chart-legend">{legend}</ul></figure>"#,
        grouped(most as i64),
        escape(first),
        escape(last)
    ))
}

/// Returns the next number of the form 1, 2 or 5 times a power of ten.
fn nice(value: u64) -> u64 {
    let mut power = 1;
    loop {
        for step in [1, 2, 5] {
            if power * step >= value {
                return power * step;
            }
        }
        power *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        assert_eq!([1, 3, 7, 11, 480, 501].map(nice), [1, 5, 10, 20, 500, 1000]);
    }
}
