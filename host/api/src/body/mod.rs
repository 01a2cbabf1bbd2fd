//! Request bodies: JSON that is read into a type of `inlet-api-types`, so that digits survive and every refusal names its
//! member.

mod deserializer;

use axum::{
    body::Bytes,
    extract::{FromRequest, OptionalFromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use bytestring::ByteString;
use inlet_core::json;
use inlet_engine::Engine;
use serde::de::DeserializeOwned;

use super::{
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
    text: String,
    /// The operation's query parameters.
    params: Option<KnownParams>,
}

impl FromRequest<Engine> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, engine: &Engine) -> Result<Self, ApiError> {
        check_headers(request.headers())?;
        let params = request.extensions().get::<KnownParams>().cloned();
        Ok(Self { params, ..Self::check(&read_bytes(request, engine).await?)? })
    }
}

/// An absent or blank body reads as none.
impl OptionalFromRequest<Engine> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, engine: &Engine) -> Result<Option<Self>, ApiError> {
        let headers = request.headers().clone();
        let params = request.extensions().get::<KnownParams>().cloned();
        let bytes = read_bytes(request, engine).await?;
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        check_headers(&headers)?;
        Ok(Some(Self { params, ..Self::check(&bytes)? }))
    }
}

async fn read_bytes(request: Request, engine: &Engine) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, engine).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(Kind::TooLarge, format!("the body is over the limit of {MAX_BODY_BYTES} bytes"))
        }
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
        Ok(Self { text: text.to_owned(), params: None })
    }

    #[cfg(test)]
    pub fn of(text: &str) -> Self {
        Self::check(text.as_bytes()).unwrap()
    }

    /// Returns the text of a JSON object. Another kind of value is refused.
    pub fn into_object(self) -> Result<ByteString, ApiError> {
        match json::Kind::of(&self.text) {
            json::Kind::Object => Ok(self.text.into()),
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

fn check_headers(headers: &HeaderMap) -> Result<(), ApiError> {
    let unsupported = |message: &str| Err(ApiError::new(Kind::UnsupportedMediaType, message));
    let text_of = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
    if text_of(header::CONTENT_ENCODING).is_some_and(|encoding| encoding.trim() != "identity") {
        return unsupported("the body is encoded; send it as it is, without Content-Encoding");
    }
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
