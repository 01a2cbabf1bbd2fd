//! Faults of a call, one error sentence each.
//!
//! The sentences appear in the event log of the request. They say what was found, what was expected and what to do, and
//! quote nothing of the body.

use std::time::Duration;

use inlet_core::{
    blame::Blame,
    contract::Request,
    json::{self, MAX_DEPTH},
};

use super::shape_fault::ShapeFault;
use crate::display::format_bytes;

/// The reason why a call into a plugin gave no result. The request is stored and tried again; nothing of the call remains.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The plugin ran too long.
    #[error(
        "the plugin ran longer than {limit:?}, its limit for a body of {size}, and was stopped; look for a loop in the \
         plugin or raise its time limit",
        size = format_bytes(*body)
    )]
    Time {
        /// Processor time allowed.
        limit: Duration,
        /// Bytes of the body.
        body: usize,
    },
    /// The call did not end within many times its limit, and waited for most of that time.
    #[error(
        "the plugin was not done after {waited:?} and was stopped, before it had run for {limit:?}, its limit: it waited for its \
         turn behind {others}",
        others = if *behind_own_source {
            "slow requests of its own source; look for a loop in the plugin, make it faster, or send less at once"
        } else {
            "others; this says nothing against the plugin: look for one that loops in another source, or give the server more \
             processors"
        }
    )]
    Waited {
        /// Elapsed time.
        waited: Duration,
        /// Processor time allowed.
        limit: Duration,
        /// True if other calls of the same source used the time that was due to this call.
        behind_own_source: bool,
    },
    /// The plugin asked for more memory than its limit.
    #[error(
        "the plugin asked for {found} of memory; its limit is {allowed}; make it hold less of the body at once or raise \
         its memory limit",
        found = format_bytes(*wanted),
        allowed = format_bytes(*limit)
    )]
    Memory {
        /// Bytes that the plugin would have had.
        wanted: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The plugin asked for a larger table than its limit.
    #[error(
        "the plugin asked for a table of {wanted} elements; {limit} are allowed; keep its data in memory and not in tables"
    )]
    Table {
        /// Elements that the table would have had.
        wanted: usize,
        /// Elements allowed.
        limit: usize,
    },
    /// The plugin returned or logged more data at once than the host copies.
    #[error(
        "the plugin handed over more than {allowed} at once, its limit for a body of {size}; let it point into the body (`at`) \
         instead of writing values out (`made`)",
        allowed = format_bytes(*limit),
        size = format_bytes(*body)
    )]
    Lifted {
        /// Bytes allowed.
        limit: usize,
        /// Bytes of the body.
        body: usize,
    },
    /// The output violates the contract.
    #[error("the plugin's output was refused: {0}")]
    Shape(#[from] ShapeFault),
    /// The plugin crashed.
    #[error("the plugin crashed: {message}; see its log lines")]
    Trap {
        /// The trap, or the error of the host function that stopped it.
        message: String,
    },
    /// No sandbox is free.
    #[error("no sandbox became free in time; send the request again later")]
    Busy,
}

impl Fault {
    /// Returns the fault's name in the event log.
    pub fn code(&self) -> &'static str {
        match self {
            // Both are out of time and retried alike.
            Fault::Time { .. } | Fault::Waited { .. } => "time",
            Fault::Memory { .. } | Fault::Table { .. } => "memory",
            Fault::Lifted { .. } => "lifted",
            Fault::Shape(ShapeFault::Items { .. }) => "too_many_items",
            Fault::Shape(_) => "shape",
            Fault::Trap { .. } => "trap",
            Fault::Busy => "busy",
        }
    }

    /// Returns the fault's name in metrics and in the server's log.
    pub fn cause(&self) -> &'static str {
        match self {
            Fault::Waited { .. } => "waited",
            other => other.code(),
        }
    }

    /// Returns who causes the fault, for this request. Beyond [`Fault::blame`], a body that the host itself would refuse, and
    /// one whose keys need escapes that a plugin forgot, is a shape that only such a body has: whoever knows the endpoint
    /// can send it at will.
    pub fn blame_for(&self, request: &Request) -> Blame {
        let body = request.body.as_text().map_or("", |text| text);
        match self.blame(request.size()) {
            Blame::Plugin if json::inspect(body, MAX_DEPTH).is_err() => Blame::Request,
            Blame::Plugin if matches!(self, Fault::Shape(ShapeFault::Pointer { .. })) && body.contains('~') => {
                Blame::Request
            }
            blame => blame,
        }
    }

    /// Returns who causes the fault, for a request of a size.
    ///
    /// A limit on a size is exceeded by the request if it is large enough for that ([`Blame::of_size`]). Everything that a
    /// correct plugin never does, whatever it is sent, is the plugin's: a crash, running out of time (the limit grows with
    /// the body), large tables, and the shapes that [`ShapeFault::blame`] names.
    pub fn blame(&self, request_bytes: usize) -> Blame {
        match self {
            Fault::Busy | Fault::Waited { behind_own_source: false, .. } => Blame::Load,
            // Calls wait that long behind their own source only if many of its calls use up seconds, which is what loops
            // do.
            Fault::Waited { .. } | Fault::Time { .. } | Fault::Table { .. } | Fault::Trap { .. } => Blame::Plugin,
            Fault::Memory { limit, .. } | Fault::Lifted { limit, .. } => Blame::of_size(request_bytes, *limit),
            Fault::Shape(fault) => fault.blame(request_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use inlet_core::contract::Body;

    use super::*;

    fn request(body: &str) -> Request {
        Request {
            method: "POST".to_owned(),
            path: String::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Body::Text(body.into()),
            received_at_ms: 0,
            options: "{}".to_owned(),
            facts: Vec::new(),
        }
    }

    /// One fault of each kind, with its cause for a small body, for a large one, and for one nested deeper than the host
    /// takes. The match makes a new kind of fault fail to compile until it is decided.
    fn decided(fault: &Fault) -> [Blame; 3] {
        use Blame::{Load, Plugin, Request};
        match fault {
            // The load of the machine, or of other sources.
            Fault::Busy | Fault::Waited { behind_own_source: false, .. } => [Load; 3],
            // A correct plugin does none of these, whatever it is sent that the host would take.
            Fault::Waited { behind_own_source: true, .. }
            | Fault::Time { .. }
            | Fault::Table { .. }
            | Fault::Trap { .. }
            | Fault::Shape(
                ShapeFault::Pointer { .. }
                | ShapeFault::ContentType { .. }
                | ShapeFault::Status { .. }
                | ShapeFault::BodyOfNoContent { .. }
                | ShapeFault::Headers { .. }
                | ShapeFault::HeaderName { .. }
                | ShapeFault::Json { reason: json::Malformed::Syntax { .. }, .. },
            ) => [Plugin, Plugin, Request],
            // Sizes: a request that is large enough can ask for them.
            Fault::Memory { .. } | Fault::Lifted { .. } | Fault::Shape(ShapeFault::TooLong { .. }) => {
                [Plugin, Request, Request]
            }
            // What the sender alone decides.
            Fault::Shape(ShapeFault::Items { .. } | ShapeFault::Json { .. } | ShapeFault::HeaderValue { .. }) => {
                [Request; 3]
            }
        }
    }

    #[test]
    fn every_fault_has_its_cause() {
        let second = Duration::from_secs(1);
        let path = || "items[0].event.data".to_owned();
        let syntax = json::Malformed::Syntax { reason: String::new(), line: 1, column: 1 };
        let faults = [
            Fault::Time { limit: second, body: 0 },
            Fault::Waited { waited: second, limit: second, behind_own_source: true },
            Fault::Waited { waited: second, limit: second, behind_own_source: false },
            Fault::Memory { wanted: 2 << 20, limit: 1 << 20 },
            Fault::Table { wanted: 2, limit: 1 },
            Fault::Lifted { limit: 1 << 20, body: 0 },
            Fault::Trap { message: "unreachable".to_owned() },
            Fault::Busy,
            Fault::Shape(ShapeFault::Items { found: 2, limit: 1 }),
            Fault::Shape(ShapeFault::TooLong { path: path(), found: 2 << 20, limit: 1 << 20 }),
            Fault::Shape(ShapeFault::Pointer { path: path() }),
            Fault::Shape(ShapeFault::Json { path: path(), reason: syntax }),
            Fault::Shape(ShapeFault::Json { path: path(), reason: json::Malformed::Depth { limit: 128 } }),
            Fault::Shape(ShapeFault::Json { path: path(), reason: json::Malformed::LoneSurrogate }),
            Fault::Shape(ShapeFault::ContentType { path: path(), found: "text/html".to_owned() }),
            Fault::Shape(ShapeFault::Status { path: path(), found: 500 }),
            Fault::Shape(ShapeFault::BodyOfNoContent { path: path() }),
            Fault::Shape(ShapeFault::Headers { path: path(), found: 5 }),
            Fault::Shape(ShapeFault::HeaderName { path: path(), found: "set-cookie".to_owned() }),
            Fault::Shape(ShapeFault::HeaderValue { path: path(), found: "a\r\nb".to_owned() }),
        ];
        let bodies = ["{}".to_owned(), format!("\"{}\"", "x".repeat(4096)), "[".repeat(MAX_DEPTH + 1)];
        for fault in faults {
            let found = bodies.each_ref().map(|body| fault.blame_for(&request(body)));
            assert_eq!(found, decided(&fault), "{fault}");
        }
    }

    #[test]
    fn a_body_that_no_plugin_must_be_judged_by_is_to_blame_itself() {
        let trap = Fault::Trap { message: "unreachable".to_owned() };
        assert_eq!(trap.blame_for(&request(r#"{"name":"\ud800"}"#)), Blame::Request, "a lone surrogate");
        let pointer = Fault::Shape(ShapeFault::Pointer { path: "items[0].event.user_id".to_owned() });
        assert_eq!(pointer.blame_for(&request(r#"{"a~b":1}"#)), Blame::Request, "a key that needs an escape");
        assert_eq!(trap.blame_for(&request(r#"{"a~b":1}"#)), Blame::Plugin);
    }
}
