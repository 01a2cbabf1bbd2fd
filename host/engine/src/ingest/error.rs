//! The reasons why a request is not accepted.

use axum::http::StatusCode;

use crate::admission::{Refusal, Share};

/// The answer to a request for an endpoint that does not exist.
pub(super) const UNKNOWN_ENDPOINT: &str = "there is no endpoint at this address; copy it from the source's settings";

/// The reason why a request is not accepted. Nothing of it was executed. The message is the sentence for the sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// No endpoint has this token.
    #[error("{UNKNOWN_ENDPOINT}")]
    UnknownEndpoint,
    /// The endpoint takes other methods.
    #[error("this endpoint takes {allowed}")]
    Method {
        /// The methods, for the `Allow` header.
        allowed: String,
    },
    /// A page of another origin than the allowed ones asks to send.
    #[error("pages of this origin may not send here; let the operator add the origin to allowed_origins")]
    Origin,
    /// The body is over the limit.
    #[error("the body is larger than {limit} bytes; send smaller batches, or let the operator raise max_body_bytes")]
    TooLarge {
        /// The limit of the inflated body, in bytes.
        limit: usize,
    },
    /// The request has more items than are taken.
    #[error("{reason}")]
    TooManyItems {
        /// The numbers that were found and allowed, and what to do.
        reason: String,
    },
    /// The content encoding is not one `gzip`.
    #[error("the content encoding is {found:?}, which is not supported; send the body plain or with one gzip")]
    Encoding {
        /// The header as it was sent.
        found: String,
    },
    /// The content encoding is the name of a charset.
    #[error(
        "the content encoding is {found:?}, which is a charset and not an encoding; leave the header content-encoding out, \
         and name the charset in content-type"
    )]
    Charset {
        /// The header as it was sent.
        found: String,
    },
    /// The body is compressed for the transfer.
    #[error(
        "the transfer encoding is {found:?}, and only chunked is supported; compress the body as content instead \
         (content-encoding: gzip)"
    )]
    TransferEncoding {
        /// The header as it was sent.
        found: String,
    },
    /// The body is announced as gzip and cannot be inflated.
    #[error(
        "the header content-encoding announces gzip, and the body is {found}; compress the body, or leave the header out"
    )]
    NotGzip {
        /// A description of the body, which is not gzip.
        found: &'static str,
    },
    /// Too many requests of this peer to this source were refused.
    #[error("too many requests from this address were refused; correct their credential, then send them again")]
    TooManyRefused,
    /// The source takes no more requests for now.
    #[error(
        "more than {per_second} requests a second came; send it again later, or let the operator raise max_requests_per_second"
    )]
    RateLimited {
        /// The requests a second that the source takes.
        per_second: u64,
    },
    /// The body paused for too long, or was slower than the minimum rate.
    #[error("the body was too slow or paused for too long; send it again")]
    TooSlow,
    /// The connection broke while the body was received.
    #[error("the body ended before its end; send it again")]
    Broken,
    /// Verification is enforced and failed. Every cause gets the same answer, which must not help a forger.
    #[error("the request could not be verified")]
    Unverified,
    /// A share of the memory for requests is full. The sender does not learn which.
    #[error("too many bytes are held by requests at once; send it again later, or in smaller batches")]
    NoRoom(Share),
    /// No sandbox came free in time.
    #[error("no sandbox came free in time; send it again later")]
    NoSandbox,
    /// The request would wait too long to be stored.
    #[error("too many requests are waiting to be stored; send it again later")]
    Overloaded,
    /// The storage cannot be written.
    #[error("the request could not be stored; send it again later")]
    NotStored,
    /// This server does not have the source's plugin.
    #[error("this server does not have the source's plugin; send it again later")]
    NoPlugin,
    /// The plugin failed whose answer the platform reads.
    #[error(
        "the plugin could not answer this request; send it again later, and let the operator read the reason in the log"
    )]
    PluginFailed,
    /// The server has a bug.
    #[error("receiving the request failed unexpectedly; send it again later")]
    Unexpected,
}

impl IngestError {
    /// Returns the name that metrics use.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::NoRoom(Share::Source) => "source_share_full",
            Self::NoRoom(Share::Peer) => "peer_share_full",
            error => error.code(),
        }
    }

    /// Returns the name that answers use.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::UnknownEndpoint => "unknown_endpoint",
            Self::Method { .. } => "method_not_allowed",
            Self::Origin => "origin_not_allowed",
            Self::TooLarge { .. } => "body_too_large",
            Self::TooManyItems { .. } => "too_many_items",
            Self::Encoding { .. } | Self::Charset { .. } => "unsupported_encoding",
            Self::TransferEncoding { .. } => "unsupported_transfer_encoding",
            Self::NotGzip { .. } => "not_gzip",
            Self::TooManyRefused => "too_many_refused",
            Self::RateLimited { .. } => "rate_limited",
            Self::TooSlow => "body_too_slow",
            Self::Broken => "body_broken",
            Self::Unverified => "not_verified",
            Self::NoRoom(_) => "too_many_bytes_in_flight",
            Self::NoSandbox => "no_sandbox_free",
            Self::Overloaded => "overloaded",
            Self::NotStored => "storage_unavailable",
            Self::NoPlugin => "plugin_missing",
            Self::PluginFailed => "plugin_failed",
            Self::Unexpected => "internal",
        }
    }

    /// Returns the status code of the answer.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::UnknownEndpoint => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::TooLarge { .. } | Self::TooManyItems { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Encoding { .. } | Self::Charset { .. } | Self::TransferEncoding { .. } => {
                StatusCode::UNSUPPORTED_MEDIA_TYPE
            }
            Self::TooManyRefused | Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NotGzip { .. } | Self::Broken => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unverified => StatusCode::UNAUTHORIZED,
            Self::NoRoom(_) | Self::NoSandbox | Self::Overloaded | Self::NotStored | Self::NoPlugin => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::PluginFailed | Self::Unexpected => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Returns true if the request says something against its peer, which many such make suspect.
    pub(super) fn is_against_peer(&self) -> bool {
        matches!(
            self,
            Self::Unverified
                | Self::TooSlow
                | Self::Broken
                | Self::NotGzip { .. }
                | Self::TooLarge { .. }
                | Self::TooManyRefused
        )
    }
}

impl From<Share> for IngestError {
    fn from(share: Share) -> Self {
        Self::NoRoom(share)
    }
}

impl From<Refusal> for IngestError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Full(share) => Self::NoRoom(share),
            Refusal::Overloaded => Self::Overloaded,
        }
    }
}
