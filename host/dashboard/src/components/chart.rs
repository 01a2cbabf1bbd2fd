//! Charts as SVG, made on the server. Classes of `charts.css` colour them, so that they follow the page's colours.

use std::fmt::Write as _;

use super::{
    Html,
    outcome::Tone,
    time::{self, micros},
};
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

/// Bars over time, stacked by series. `times` are the begins of the steps; `title` says the chart in words, and `unit` what a bar
/// counts, such as `events per 15 min`.
pub fn bars(series: &[Series], times: &[String], title: &str, unit: &str) -> Html {
    const WIDTH: f64 = 720.0;
    const HEIGHT: f64 = 160.0;
    let all = series;
    let steps = times.len().max(1);
    let total = |step: usize| series.iter().map(|series| series.values.get(step).copied().unwrap_or(0)).sum::<u64>();
    let most = nice((0..times.len()).map(total).max().unwrap_or(0).max(1));
    let slot = WIDTH / steps as f64;
    let bar = (slot - (slot * 0.25).min(3.0)).max(0.5);
    let mut svg = format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="group" aria-label="{}">"#,
        escape(&format!("{title}, {unit}"))
    );
    // The whole chart is one stop of the Tab key, at its newest bar; the script moves between bars with the arrows.
    let newest = (0..times.len()).rev().find(|step| total(*step) > 0);
    for line in 0..=4 {
        let y = HEIGHT - f64::from(line) / 4.0 * (HEIGHT - 8.0);
        let _ = write!(svg, r#"<path class="chart-grid" d="M0 {y:.1}H{WIDTH}"/>"#);
    }
    for (step, at) in times.iter().enumerate() {
        if total(step) == 0 {
            continue;
        }
        let (x, mut y) = (step as f64 * slot, HEIGHT);
        let tab_index = if newest == Some(step) { 0 } else { -1 };
        let words = words(series, step);
        let _ = write!(
            svg,
            r#"<g data-at="{0}" tabindex="{tab_index}" role="img" aria-label="{0}, {1}"><title>{0}, {1}</title>"#,
            escape(at),
            escape(&words)
        );
        for (index, series) in series.iter().enumerate() {
            let value = series.values.get(step).copied().unwrap_or(0);
            if value == 0 {
                continue;
            }
            // Something is seen of every value.
            let height = (value as f64 / most as f64 * (HEIGHT - 8.0)).max(1.5);
            y -= height;
            let fill = fill(all, index);
            let _ =
                write!(svg, r#"<rect class="{fill}" x="{x:.2}" y="{y:.1}" width="{bar:.2}" height="{height:.1}"/>"#);
        }
        svg.push_str("</g>");
    }
    svg.push_str("</svg>");
    let [first, last] = [times.first(), times.last()].map(|at| at.map(|at| time::at(at)).unwrap_or_default());
    let legend: String = series
        .iter()
        .enumerate()
        .filter(|(_, series)| series.values.iter().any(|value| *value > 0))
        .map(|(index, series)| {
            let sum: u64 = series.values.iter().sum();
            let (fill, label) = (fill(all, index), escape(&series.label));
            format!(r#"<li><span class="swatch {fill}"></span>{label} <strong>{}</strong></li>"#, grouped(sum as i64))
        })
        .collect();
    Html::trusted(format!(
        r#"<figure class="chart-figure"><div class="chart-box"><span class="chart-most">{}</span>{svg}</div><div class="chart-axis"><span>{}</span><span>{}</span><span>{}</span></div><p class="chart-value" data-chart-value aria-hidden="true"></p><ul class="chart-legend">{legend}</ul>{}</figure>"#,
        grouped(most as i64),
        first,
        escape(unit),
        last,
        table(series, times, unit)
    ))
}

/// Returns the values of a step in words.
fn words(series: &[Series], step: usize) -> String {
    let values = series.iter().filter_map(|series| Some((series, *series.values.get(step)?)));
    let values = values.filter(|(_, value)| *value > 0);
    let words = values.map(|(series, value)| format!("{}: {}", series.label, grouped(value as i64)));
    words.collect::<Vec<_>>().join(", ")
}

/// Returns the values of a chart as a folded table, the newest step first; steps without a value are left out.
fn table(series: &[Series], times: &[String], unit: &str) -> String {
    let shown: Vec<&Series> = series.iter().filter(|series| series.values.iter().any(|value| *value > 0)).collect();
    let mut html = format!(
        r#"<details class="fold chart-table"><summary>Show as a table</summary><div class="table-scroll" tabindex="0" role="region" aria-label="The values of the chart"><table class="list plain"><caption class="hint">{}</caption><thead><tr><th scope="col">From</th>"#,
        escape(&capitalized(unit))
    );
    for series in &shown {
        let _ = write!(html, r#"<th scope="col" class="num">{}</th>"#, escape(&series.label));
    }
    html.push_str("</tr></thead><tbody>");
    for (step, at) in times.iter().enumerate().rev() {
        let values: Vec<u64> =
            shown.iter().map(|series| series.values.get(step).copied().unwrap_or_default()).collect();
        if values.iter().all(|value| *value == 0) {
            continue;
        }
        let _ = write!(html, r#"<tr><th scope="row">{}</th>"#, time::at(at));
        for value in values {
            let _ = write!(html, r#"<td class="num">{}</td>"#, grouped(value as i64));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div></details>");
    html
}

/// Returns a text that begins with a capital.
fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", characters.as_str())
}

/// Returns the classes of a series: the second and third of one colour are paler.
fn fill(series: &[Series], index: usize) -> String {
    let tone = series[index].tone;
    let earlier = series[..index].iter().filter(|series| series.tone == tone).count();
    format!("fill-{} shade-{}", tone.as_str(), earlier.min(2))
}

/// The times of a stage, in microseconds.
pub struct StageTimes {
    /// The name.
    pub label: String,
    /// Half took at most this.
    pub p50_us: u64,
    /// 95 of 100 took at most this.
    pub p95_us: u64,
    /// 99 of 100 took at most this.
    pub p99_us: u64,
}

/// A table of stages with a bar for each: the dark part is the half, the light one 95 of 100.
pub fn stage_times(stages: &[StageTimes]) -> Html {
    let most = stages.iter().map(|stage| stage.p95_us).max().unwrap_or(0).max(1) as f64;
    let mut html = r#"<table class="stages"><thead><tr><th scope="col">Stage</th><th scope="col"><span class="sr-only">Share</span></th><th scope="col" class="num">half</th><th scope="col" class="num">95 %</th><th scope="col" class="num">99 %</th></tr></thead><tbody>"#.to_owned();
    for stage in stages {
        // Something is seen of every stage.
        let width = |us: u64| (us as f64 / most * 100.0).max(0.6);
        let _ = write!(
            html,
            r#"<tr><th scope="row">{}</th><td><svg class="stage-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="stage-track" width="100" height="6"/><rect class="stage-p95" width="{:.2}" height="6"/><rect class="stage-p50" width="{:.2}" height="6"/></svg></td><td class="num">{}</td><td class="num">{}</td><td class="num">{}</td></tr>"#,
            escape(&stage.label),
            width(stage.p95_us),
            width(stage.p50_us),
            micros(stage.p50_us),
            micros(stage.p95_us),
            micros(stage.p99_us)
        );
    }
    html.push_str("</tbody></table>");
    Html::trusted(html)
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
    fn the_values_of_bars_are_words_and_a_table() {
        let series =
            |label: &str, values: &[u64]| Series { label: label.to_owned(), tone: Tone::Done, values: values.to_vec() };
        let all = [series("Done <b>", &[3, 0, 1200]), series("Failed", &[0, 0, 1])];
        let times = ["2026-01-02T00:00:00Z", "2026-01-02T01:00:00Z", "2026-01-02T02:00:00Z"].map(str::to_owned);
        let html = bars(&all, &times, "Events", "events per h").to_string();
        // One stop of the Tab key: the newest bar. A step without a value has no bar and no row.
        assert_eq!(html.matches("tabindex=\"0\" role=\"img\"").count(), 1, "{html}");
        assert_eq!(html.matches("tabindex=\"-1\" role=\"img\"").count(), 1, "{html}");
        assert_eq!(html.matches("<tr><th scope=\"row\">").count(), 2, "{html}");
        assert!(!html.contains("<b>"), "{html}");
        assert!(html.contains("<span>events per h</span>") && html.contains(">Events per h</caption>"), "{html}");
        assert_eq!(words(&all, 2), format!("Done <b>: {}, Failed: 1", grouped(1200)));
    }

    #[test]
    fn an_axis_ends_at_a_round_number() {
        assert_eq!([1, 3, 7, 11, 480, 501].map(nice), [1, 5, 10, 20, 500, 1000]);
    }
}
