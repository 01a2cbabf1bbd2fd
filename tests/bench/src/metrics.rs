//! The server's `/metrics`, and their change over a load.

use std::net::SocketAddr;

use crate::http;

/// One scrape of `/metrics`.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Vec<Sample>);

#[derive(Debug, Clone)]
struct Sample {
    name: String,
    labels: String,
    value: f64,
}

impl Metrics {
    /// Scrapes the server.
    pub fn scrape(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self::parse(&http::request(address, "GET /metrics", None, "")?))
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let (name, labels) = series.split_once('{').unwrap_or((series, ""));
            Some(Sample { name: name.to_owned(), labels: labels.to_owned(), value: value.parse().ok()? })
        });
        Self(samples.collect())
    }

    /// Returns the sum of all series with this name and, if given, this label; `None` if there is none.
    fn sum(&self, name: &str, label: Option<(&str, &str)>) -> Option<f64> {
        let label = label.map(|(name, value)| format!("{name}=\"{value}\""));
        let wanted = |sample: &&Sample| {
            let labelled = label.as_ref().is_none_or(|label| sample.labels.contains(label));
            sample.name == name && labelled
        };
        let values: Vec<f64> = self.0.iter().filter(wanted).map(|sample| sample.value).collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}

/// The change between two scrapes.
#[derive(Debug, Clone)]
pub struct Change {
    /// The scrape before the load.
    pub before: Metrics,
    /// The scrape after the load.
    pub after: Metrics,
}

impl Change {
    /// Returns the increase of a counter; `None` if there is no such series.
    pub fn of(&self, name: &str, label: Option<(&str, &str)>) -> Option<f64> {
        Some(self.after.sum(name, label)? - self.before.sum(name, label).unwrap_or_default())
    }

    /// Returns the seconds added to a histogram of durations.
    pub fn seconds(&self, histogram: &str, label: Option<(&str, &str)>) -> Option<f64> {
        self.of(&format!("{histogram}_sum"), label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_over_all_series_with_the_label() {
        let text = "# TYPE inlet_stage_seconds histogram\n\
                    inlet_stage_seconds_sum{source=\"a\",stage=\"plan\"} 1.5\n\
                    inlet_stage_seconds_sum{source=\"b\",stage=\"plan\"} 2\n\
                    inlet_stage_seconds_sum{source=\"b\",stage=\"commit\"} 4\n\
                    inlet_writer_queue 0\n";
        let change = Change { before: Metrics::default(), after: Metrics::parse(text) };
        assert_eq!(change.seconds("inlet_stage_seconds", Some(("stage", "plan"))), Some(3.5));
        assert_eq!(change.seconds("inlet_stage_seconds", None), Some(7.5));
        assert_eq!(change.of("inlet_writer_queue", None), Some(0.0));
        assert_eq!(change.of("inlet_nothing", None), None);
    }
}
