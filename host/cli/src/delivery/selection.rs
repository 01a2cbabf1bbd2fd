//! The arguments that select deliveries, for what is done with many at once.

/// Deliveries that match all that is given.
#[derive(Debug, clap::Args)]
pub struct Selection {
    /// Only deliveries to this target
    #[arg(long, value_name = "KEY")]
    pub target: Option<String>,
    /// Only deliveries of this workflow
    #[arg(long, value_name = "KEY")]
    pub workflow: Option<String>,
    /// Only deliveries of runs that this mapping created
    #[arg(long, value_name = "ID")]
    pub mapping: Option<String>,
    /// Only deliveries created at this time or later
    #[arg(long, value_name = "TIME")]
    pub after: Option<String>,
    /// Only deliveries created before this time
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,
    /// Count them only
    #[arg(long)]
    pub dry_run: bool,
}
