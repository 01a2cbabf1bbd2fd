//! What the store's writer does, as metrics.

use inlet_store::{GroupReport, WriterObserver};
use metrics::histogram;

/// Records every group commit.
pub struct Record;

impl WriterObserver for Record {
    fn on_group(&self, report: &GroupReport) {
        histogram!("inlet_writer_batch_size").record(report.events as f64);
        histogram!("inlet_writer_commit_seconds").record(report.commit);
        histogram!("inlet_writer_settle_seconds").record(report.settle);
        histogram!("inlet_writer_write_seconds").record(report.write);
    }
}
