//! Quarantines of a database that servers share: what one of them decides holds for all.
//!
//! The event path knows nothing of it. The job that follows the other servers reads the quarantines of all, writes what was
//! decided here, and puts in force what was decided elsewhere. Every server makes probes of its own.

use std::collections::HashMap;

use inlet_store::{CommitError, QuarantineRecord};

use super::{guard::Decision, report_elsewhere};
use crate::Engine;

/// The age from which a quarantine is removed whose plugin the source environment does not use: whoever chooses the plugin again ends
/// its quarantine, so it is only in the way.
const UNUSED_MS: i64 = 24 * 60 * 60 * 1000;

impl Engine {
    /// Brings the quarantines of this server and of the database into agreement. `shared` are those of the database.
    pub(crate) async fn share_quarantines(&self, shared: &[QuarantineRecord]) -> Result<(), CommitError> {
        let mut unknown: HashMap<(i64, &str), &QuarantineRecord> =
            shared.iter().map(|record| ((record.source_environment_id, record.digest.as_str()), record)).collect();
        let mut has_changed = false;
        let snapshot = self.snapshot();
        for endpoint in snapshot.endpoints() {
            let digest = &endpoint.plugin_ref.digest;
            let record = unknown.remove(&(endpoint.id, digest.as_str()));
            if record.is_none() && !endpoint.guard.is_of_interest() {
                continue;
            }
            let Some(decision) = endpoint.guard.take_decision() else {
                if let Some(change) = endpoint.guard.follow(record) {
                    report_elsewhere(&endpoint.source, &endpoint.environment, &endpoint.plugin_ref, change);
                }
                continue;
            };
            let written = match &decision {
                Decision::Began(quarantine) => {
                    let record = QuarantineRecord {
                        source_environment_id: endpoint.id,
                        digest: digest.clone(),
                        since_ms: quarantine.since_ms,
                        faults: quarantine.faults,
                        calls: quarantine.calls,
                    };
                    self.store.begin_quarantine(record).await
                }
                Decision::Ended => self.store.end_quarantine(endpoint.id, digest.clone()).await,
            };
            if written.is_err() {
                endpoint.guard.put_back(decision);
                return written;
            }
            has_changed = true;
        }
        // A server of another version may come with another version of a plugin, and needs them.
        let forgotten_ms = self.now_ms() - UNUSED_MS;
        for record in unknown.into_values().filter(|record| record.since_ms < forgotten_ms) {
            self.store.end_quarantine(record.source_environment_id, record.digest.clone()).await?;
        }
        if has_changed {
            self.store.announce_change();
        }
        Ok(())
    }
}
