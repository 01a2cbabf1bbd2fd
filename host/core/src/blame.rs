//! Who causes the failure of a call into a plugin.
//!
//! Whoever knows an endpoint's address can send anything to it. A fault that the sender can bring about at will says
//! nothing against the plugin, and must not quarantine it for everybody else.

/// The cause of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The plugin. The quarantine counts the fault.
    Plugin,
    /// The request: it asks for more than a limit allows.
    Request,
    /// The load on the server.
    Load,
}

/// The bytes of output or memory that one byte of a request can ask for: an element of two bytes, such as `1,`, becomes an
/// item of up to a kilobyte.
const SIZE_PER_REQUEST_BYTE: usize = 512;

impl Blame {
    /// Returns the cause of exceeding a limit on a size: the request if it is large enough to ask for that much of a plugin
    /// that works as it should, else the plugin.
    pub fn of_size(request_bytes: usize, limit: usize) -> Self {
        if request_bytes.saturating_mul(SIZE_PER_REQUEST_BYTE) >= limit { Self::Request } else { Self::Plugin }
    }
}

#[cfg(test)]
mod tests {
    use super::Blame;

    #[test]
    fn a_request_is_to_blame_for_512_times_its_size() {
        assert_eq!(Blame::of_size(2048, 1 << 20), Blame::Request);
        assert_eq!(Blame::of_size(2047, 1 << 20), Blame::Plugin);
    }
}
