//! Times. The server writes UTC; the script shows them in the browser's zone, with the zone and UTC on hover.

use std::borrow::Borrow;

use inlet_core::time;
use inlet_engine::clock::now_ms;

use super::Html;
use crate::html::escape;

/// A time, to the second.
pub fn at(time: &str) -> Html {
    element(time, "data-local", &readable(time))
}

/// A time, as the distance from now: `3 min ago`.
pub fn ago(time: &str) -> Html {
    element(time, "data-ago", &distance(time, now_ms()))
}

/// The time that has passed since a time: `3 min`.
pub fn since(time: &str) -> Html {
    element(time, "data-span", &passed(time, now_ms()))
}

/// A time, or a dash where there is none.
pub fn ago_or_never(time: Option<&str>) -> Html {
    match time {
        Some(time) => ago(time),
        None => Html::trusted(r#"<span class="muted">never</span>"#.to_owned()),
    }
}

fn element(time: &str, mark: &str, text: &str) -> Html {
    let utc = readable(time);
    Html::trusted(format!(
        r#"<time datetime="{}" {mark} title="{} UTC">{}</time>"#,
        escape(time),
        escape(&utc),
        escape(text)
    ))
}

/// `2026-01-02 03:04:05` of `2026-01-02T03:04:05.678Z`.
fn readable(time: &str) -> String {
    let seconds = time.get(..19).unwrap_or(time);
    seconds.replacen('T', " ", 1)
}

/// Returns the distance of a time from now.
fn distance(text: &str, now_ms: i64) -> String {
    let Some(us) = time::parse(text) else { return text.to_owned() };
    let ms = now_ms - us / 1000;
    let (unit, suffix) = match ms {
        ..-1000 => return format!("in {}", span(-ms)),
        -1000..5000 => return "just now".to_owned(),
        _ => (span(ms), "ago"),
    };
    format!("{unit} {suffix}")
}

/// Returns the time that has passed since a time.
fn passed(text: &str, now_ms: i64) -> String {
    time::parse(text).map_or_else(|| text.to_owned(), |us| span((now_ms - us / 1000).max(0)))
}

/// Writes a duration in its largest unit.
pub fn span(ms: i64) -> String {
    let seconds = ms / 1000;
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Writes a duration of microseconds with three digits at most.
pub fn micros(us: impl Borrow<u64>) -> String {
    let us = *us.borrow();
    match us {
        0..1000 => format!("{us} µs"),
        1000..10_000 => format!("{:.1} ms", us as f64 / 1e3),
        10_000..1_000_000 => format!("{} ms", us / 1000),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_has_one_unit() {
        let now_ms = 1_767_323_045_000;
        for (text, expected) in [
            ("2026-01-02T03:04:05.000Z", "just now"),
            ("2026-01-02T03:03:20.000Z", "45 s ago"),
            ("2026-01-02T02:04:05.000Z", "1 h ago"),
            ("2025-12-30T03:04:05.000Z", "3 d ago"),
            ("2026-01-02T03:06:05.000Z", "in 2 min"),
            ("yesterday", "yesterday"),
        ] {
            assert_eq!(distance(text, now_ms), expected, "{text}");
        }
        let passed = |text: &str| passed(text, now_ms);
        assert_eq!(
            ["2026-01-02T02:04:05.000Z", "2026-01-02T03:06:05.000Z", "yesterday"].map(passed),
            ["1 h", "0 s", "yesterday"]
        );
        assert_eq!([999, 1500, 15_000, 2_500_000].map(|us: u64| micros(us)), ["999 µs", "1.5 ms", "15 ms", "2.5 s"]);
    }
}
