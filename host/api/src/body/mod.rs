//! Request bodies: JSON that is read into a type of `inlet-api-types`, so that digits survive and every refusal names its
//! member.

mod deserializer;
mod unread;

use axum::{
    extract::{FromRequest, OptionalFromRequest, Request},
    http::{HeaderMap, header},
};
use bytestring::ByteString;
use inlet_core::json;
use inlet_engine::{
    Engine,
    ingest::{
        api_body::{self, ApiBody, BodyMemory},
        error::IngestError,
    },
};
use serde::de::DeserializeOwned;

pub use self::unread::drain_unread;
use super::{
    auth::KeyLog,
    error::{ApiError, Kind},
    query::KnownParams,
};

/// The largest body that the API accepts, in bytes.
pub const MAX_BODY_BYTES: usize = 5 << 20;

/// The extractor of a request body, read into a type.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Engine> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, engine: &Engine) -> Result<Self, ApiError> {
        <JsonBody as FromRequest<Engine>>::from_request(request, engine).await?.read().map(Self)
    }
}

/// An absent or blank body reads as none.
impl<T: DeserializeOwned> OptionalFromRequest<Engine> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, engine: &Engine) -> Result<Option<Self>, ApiError> {
        let body = <JsonBody as OptionalFromRequest<Engine>>::from_request(request, engine).await?;
        body.map(|body| body.read().map(Self)).transpose()
    }
}

/// The extractor of a request body as text: JSON that is not nested too deeply, without lone surrogates.
pub struct JsonBody {
    text: ByteString,
    /// The operation's query parameters.
    params: Option<KnownParams>,
    /// The memory of the text.
    _memory: Option<BodyMemory>,
}

impl FromRequest<Engine> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, engine: &Engine) -> Result<Self, ApiError> {
        check_headers(request.headers())?;
        let params = request.extensions().get::<KnownParams>().cloned();
        let ApiBody { body, memory } = read(request, engine).await?;
        Ok(Self { params, _memory: Some(memory), ..Self::check(body.as_bytes())? })
    }
}

/// An absent or blank body reads as none.
impl OptionalFromRequest<Engine> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, engine: &Engine) -> Result<Option<Self>, ApiError> {
        // A media type says nothing about a body that is not there.
        check_encoding(request.headers())?;
        let headers = request.headers().clone();
        let params = request.extensions().get::<KnownParams>().cloned();
        let ApiBody { body, memory } = read(request, engine).await?;
        if body.as_bytes().trim_ascii().is_empty() {
            return Ok(None);
        }
        check_headers(&headers)?;
        Ok(Some(Self { params, _memory: Some(memory), ..Self::check(body.as_bytes())? }))
    }
}

async fn read(request: Request, engine: &Engine) -> Result<ApiBody, ApiError> {
    let (parts, body) = request.into_parts();
    let owner = parts.extensions.get::<KeyLog>().map(|KeyLog(id)| *id);
    api_body::read(engine, owner, MAX_BODY_BYTES, &parts.headers, body).await.map_err(|error| match error {
        IngestError::TooLarge { limit } => {
            ApiError::new(Kind::TooLarge, format!("the body is over the limit of {limit} bytes"))
        }
        IngestError::TooSlow => ApiError::new(Kind::TooSlow, error.to_string()),
        IngestError::NoRoom(_) | IngestError::Overloaded => ApiError::new(Kind::Unavailable, error.to_string()),
        IngestError::TransferEncoding { .. } => ApiError::new(Kind::UnsupportedMediaType, error.to_string()),
        _ => ApiError::new(Kind::Invalid, "the body broke off; send it again"),
    })
}

impl JsonBody {
    fn check(bytes: &[u8]) -> Result<Self, ApiError> {
        let invalid = |message: String| ApiError::new(Kind::Invalid, message);
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            invalid(format!("the body is not UTF-8: byte {} begins no character", error.valid_up_to() + 1))
        })?;
        if text.trim_ascii().is_empty() {
            return Err(invalid("the body is empty; expected a JSON object".to_owned()));
        }
        json::check(text, json::MAX_DEPTH).map_err(|error| invalid(format!("the body is refused: {error}")))?;
        Ok(Self { text: text.into(), params: None, _memory: None })
    }

    #[cfg(test)]
    pub fn of(text: &str) -> Self {
        Self::check(text.as_bytes()).unwrap()
    }

    /// Returns the text of a JSON object. Another kind of value is refused.
    pub fn into_object(self) -> Result<ByteString, ApiError> {
        match json::Kind::of(&self.text) {
            json::Kind::Object => Ok(self.text),
            other => {
                let message = format!("the body is {}; expected a JSON object", other.with_article());
                Err(ApiError::new(Kind::Invalid, message))
            }
        }
    }

    /// Returns the length of the text, in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Reads the body into a type. Members that the type does not have are refused.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let params = self.params.as_ref().map_or(&[][..], |KnownParams(params)| params);
        deserializer::read(&self.text, params)
    }
}

/// Refuses a body that is compressed.
fn check_encoding(headers: &HeaderMap) -> Result<(), ApiError> {
    let encoding = headers.get(header::CONTENT_ENCODING).map(|value| value.as_bytes().trim_ascii());
    match encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        true => {
            let message = "the body is encoded; send it as it is, without Content-Encoding";
            Err(ApiError::new(Kind::UnsupportedMediaType, message))
        }
        false => Ok(()),
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), ApiError> {
    check_encoding(headers)?;
    let unsupported = |message: &str| Err(ApiError::new(Kind::UnsupportedMediaType, message));
    let text_of = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
    let is_json = |value: &String| {
        let media_type = value.split(';').next().unwrap_or_default().trim();
        media_type == "application/json" || media_type.ends_with("+json")
    };
    match text_of(header::CONTENT_TYPE).filter(|value| !value.is_empty()) {
        Some(value) if !is_json(&value) => {
            unsupported("the body is not sent as JSON; send Content-Type: application/json")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> String {
        JsonBody::check(bytes).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_json_says_where_and_repeats_nothing() {
        insta::assert_snapshot!(error(b"{\"secret\": hunter2}"), @"the body is refused: it is not valid JSON: expected value at line 1 column 12");
        insta::assert_snapshot!(error(b"{\n\"a\": 1"), @"the body is refused: it is not valid JSON: EOF while parsing an object at line 2 column 6");
        insta::assert_snapshot!(error(b"{\"a\": \"\xff\"}"), @"the body is not UTF-8: byte 8 begins no character");
        insta::assert_snapshot!(error(b" \n"), @"the body is empty; expected a JSON object");
        insta::assert_snapshot!(error("[".repeat(129).as_bytes()), @"the body is refused: it is not valid JSON: EOF while parsing a list at line 1 column 129");
        let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
        insta::assert_snapshot!(error(deep.as_bytes()), @"the body is refused: it is nested deeper than 128 levels; send a flatter object");
        insta::assert_snapshot!(error(br#"{"a":"\ud800"}"#), @r"the body is refused: it holds a lone surrogate (an escape from \uD800 to \uDFFF without its pair); send valid Unicode");
    }

    #[test]
    fn only_json_is_taken() {
        let check = |name: header::HeaderName, value: &str| {
            let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
            check_headers(&headers).map_err(|error| error.to_string())
        };
        assert_eq!(check_headers(&HeaderMap::new()), Ok(()));
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert_eq!(check(header::CONTENT_TYPE, json), Ok(()));
        }
        insta::assert_snapshot!(check(header::CONTENT_TYPE, "application/x-www-form-urlencoded").unwrap_err(), @"the body is not sent as JSON; send Content-Type: application/json");
        insta::assert_snapshot!(check(header::CONTENT_ENCODING, "gzip").unwrap_err(), @"the body is encoded; send it as it is, without Content-Encoding");
    }
}
