//! The limit of open files, which every connection counts against.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The open files beside connections: the database, its readers, plugins, the log, the runtime.
const OTHER_FILES: u64 = 256;

/// Raises the soft limit of open files as far as `connections` need it. Warns if the hard limit is lower.
pub fn raise_limit(connections: usize) {
    let needed = (connections as u64).saturating_add(OTHER_FILES);
    let limits = getrlimit(Resource::Nofile);
    let Some(wanted) = wanted(limits, needed) else { return };
    if wanted.current != limits.current
        && let Err(error) = setrlimit(Resource::Nofile, wanted)
    {
        tracing::warn!(%error, needed, "the limit of open files could not be raised; raise it before the start (ulimit -n)");
        return;
    }
    if let Some(limit) = wanted.current.filter(|limit| *limit < needed) {
        tracing::warn!(
            limit,
            needed,
            "the limit of open files is too low for max_connections; raise the hard limit (LimitNOFILE in the systemd unit, \
             --ulimit nofile in Docker), or lower max_connections"
        );
    }
}

/// Returns the limits to set, or none if there are enough.
fn wanted(limits: Rlimit, needed: u64) -> Option<Rlimit> {
    // None is no limit.
    let current = limits.current?;
    if current >= needed {
        return None;
    }
    let raised = limits.maximum.map_or(needed, |maximum| maximum.min(needed));
    Some(Rlimit { current: Some(raised.max(current)), maximum: limits.maximum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_within_the_hard_one() {
        let raised =
            |current, maximum, needed| wanted(Rlimit { current, maximum }, needed).map(|limits| limits.current);
        assert_eq!(raised(Some(1024), Some(1_048_576), 10_256), Some(Some(10_256)));
        assert_eq!(raised(Some(1024), None, 10_256), Some(Some(10_256)));
        assert_eq!(raised(Some(1024), Some(4096), 10_256), Some(Some(4096)));
        assert_eq!(raised(Some(1024), Some(1024), 10_256), Some(Some(1024)));
        assert_eq!(raised(Some(65_536), Some(65_536), 10_256), None);
        assert_eq!(raised(None, None, 10_256), None);
    }
}
