//! Metrics of the store's writer.

use inlet_store::{GroupReport, WriterObserver};
use metrics::histogram;

/// Records every group commit.
pub struct WriterMetrics;

impl WriterObserver for WriterMetrics {
    fn on_group(&self, report: &GroupReport) {
        histogram!("inlet_writer_batch_size").record(report.events as f64);
        histogram!("inlet_writer_commit_seconds").record(report.commit);
        histogram!("inlet_writer_settle_seconds").record(report.settle);
        histogram!("inlet_writer_write_seconds").record(report.write);
    }
}
