//! Bodies: JSON as text, walked member by member, so that digits survive and every complaint names its member.

use axum::{
    body::Bytes,
    extract::{FromRequest, OptionalFromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use inlet_core::json::{self, Kind as JsonKind, Members};
use inlet_engine::Engine;

use super::error::{ApiError, Kind};

/// The largest body that the API takes, in bytes.
pub const MAX_BODY_BYTES: usize = 5 << 20;

/// A body that is JSON, not nested too deeply, without lone surrogates.
pub struct JsonBody(String);

impl FromRequest<Engine> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, engine: &Engine) -> Result<Self, ApiError> {
        check_headers(request.headers())?;
        Self::read(&read_bytes(request, engine).await?)
    }
}

/// A body that may be left out.
impl OptionalFromRequest<Engine> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, engine: &Engine) -> Result<Option<Self>, ApiError> {
        let headers = request.headers().clone();
        let bytes = read_bytes(request, engine).await?;
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        check_headers(&headers)?;
        Self::read(&bytes).map(Some)
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
    fn read(bytes: &[u8]) -> Result<Self, ApiError> {
        let invalid = |message: String| ApiError::new(Kind::Invalid, message);
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            invalid(format!("the body is not UTF-8: byte {} begins no character", error.valid_up_to() + 1))
        })?;
        if text.trim_ascii().is_empty() {
            return Err(invalid("the body is empty; expected a JSON object".to_owned()));
        }
        json::check(text, json::MAX_DEPTH).map_err(|error| invalid(format!("the body is refused: {error}")))?;
        Ok(Self(text.to_owned()))
    }

    #[cfg(test)]
    pub fn of(text: &str) -> Self {
        Self::read(text.as_bytes()).unwrap()
    }

    /// The whole of it.
    pub fn given(&self) -> Given<'_> {
        Given { text: &self.0, field: String::new() }
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

/// A value of the body and its name there.
#[derive(Debug, Clone)]
pub struct Given<'a> {
    /// JSON text.
    pub text: &'a str,
    /// The dotted path from the top, for example `source.name`; empty at the top.
    pub field: String,
}

impl<'a> Given<'a> {
    /// An error about this value.
    pub fn refuse(&self, message: impl Into<String>) -> ApiError {
        match self.field.as_str() {
            "" => ApiError::new(Kind::Invalid, format!("the body: {}", message.into())),
            field => ApiError::invalid(field, message),
        }
    }

    fn expected(&self, what: &str) -> ApiError {
        self.refuse(format!("found {}, expected {what}", JsonKind::of(self.text).with_article()))
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        JsonKind::of(self.text) == JsonKind::Null
    }

    /// A string.
    pub fn string(&self) -> Result<String, ApiError> {
        json::string(self.text).ok_or_else(|| self.expected("a string"))
    }

    /// A boolean.
    pub fn bool(&self) -> Result<bool, ApiError> {
        match self.text.trim() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.expected("true or false")),
        }
    }

    /// An array's items.
    pub fn items(&self) -> Result<Vec<Given<'a>>, ApiError> {
        let items = json::items(self.text).ok_or_else(|| self.expected("an array"))?;
        let named = |(index, text)| Given { text, field: format!("{}[{index}]", self.field) };
        Ok(items.into_iter().enumerate().map(named).collect())
    }

    /// An object's members.
    pub fn object(&self) -> Result<Object<'a>, ApiError> {
        let members = json::members(self.text).ok_or_else(|| self.expected("an object"))?;
        Ok(Object { members, field: self.field.clone() })
    }
}

/// An object of the body. Its members are taken out one by one; what is left in the end is unknown.
pub struct Object<'a> {
    members: Members<'a>,
    field: String,
}

impl<'a> Object<'a> {
    fn name(&self, member: &str) -> String {
        match self.field.as_str() {
            "" => member.to_owned(),
            field => format!("{field}.{member}"),
        }
    }

    /// Takes a member, null or not.
    pub fn take(&mut self, member: &str) -> Option<Given<'a>> {
        let text = self.members.shift_remove(member)?;
        Some(Given { text, field: self.name(member) })
    }

    /// Takes a member; null is the same as none.
    pub fn take_some(&mut self, member: &str) -> Option<Given<'a>> {
        self.take(member).filter(|given| !given.is_null())
    }

    /// Takes a member that must be there.
    pub fn take_required(&mut self, member: &str, what: &str) -> Result<Given<'a>, ApiError> {
        self.take_some(member)
            .ok_or_else(|| ApiError::invalid(self.name(member), format!("it is missing; expected {what}")))
    }

    /// Drops members that are shown and cannot be given: what was read may be sent back.
    pub fn ignore(&mut self, members: &[&str]) {
        self.members.retain(|name, _| !members.contains(&name.as_ref()));
    }

    /// Takes all that is left.
    pub fn rest(self) -> impl Iterator<Item = (String, Given<'a>)> {
        let Object { members, field } = self;
        members.into_iter().map(move |(name, text)| {
            let field = format!("{field}.{name}");
            (name.into_owned(), Given { text, field })
        })
    }

    /// Refuses what is left.
    pub fn finish(self) -> Result<(), ApiError> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(unknown) => {
                let message = "there is no such member; see /openapi.json for those there are";
                Err(ApiError::invalid(self.name(unknown), message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> String {
        JsonBody::read(bytes).map(|_| ()).unwrap_err().to_string()
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
    fn a_complaint_names_its_member() {
        let body =
            JsonBody::read("\u{feff}{\"a\":{\"b\":[1,\"x\"],\"c\":null},\"n\":9007199254740993}".as_bytes()).unwrap();
        let mut top = body.given().object().unwrap();
        assert_eq!(top.take("n").unwrap().text, "9007199254740993");
        let mut a = top.take_required("a", "an object").unwrap().object().unwrap();
        let items = a.take("b").unwrap().items().unwrap();
        assert_eq!(items[1].string().as_deref(), Ok("x"));
        insta::assert_debug_snapshot!(items[0].bool().unwrap_err(), @r#"
        ApiError {
            kind: Invalid,
            message: "found a number, expected true or false",
            field: Some(
                "a.b[0]",
            ),
        }
        "#);
        insta::assert_snapshot!(a.take_required("c", "a string").map(|_| ()).unwrap_err(), @"it is missing; expected a string");
        insta::assert_snapshot!(body.given().items().unwrap_err(), @"the body: found an object, expected an array");
        let a = body.given().object().unwrap().take("a").unwrap().object().unwrap();
        insta::assert_snapshot!(a.finish().unwrap_err(), @"there is no such member; see /openapi.json for those there are");
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
