//! JSON-RPC 2.0: calls and their answers.
//!
//! A call is answered 200, with its result or its error. A body that is no call is refused like every other body of the API:
//! its sender reads the status alone.

use axum::response::Response;
use inlet_api_types::{
    RawJson,
    recipients::integrations::{RpcError, RpcResponse},
};
use inlet_core::json::{self, Kind};
use inlet_engine::Engine;
use inlet_store::ReadMemory as _;
use serde::Serialize;

use crate::{
    answer_memory::AnswerMemory,
    error::{ApiError, Kind as ErrorKind},
};

/// The only version.
const VERSION: &str = "2.0";
/// The version of the call is another one.
const INVALID_REQUEST: i32 = -32600;
/// The method does not exist.
const METHOD_NOT_FOUND: i32 = -32601;
/// The parameters are wrong.
const INVALID_PARAMS: i32 = -32602;

/// A method call.
#[derive(Debug)]
pub struct RpcCall<'a> {
    /// The size of the body, in bytes.
    pub body_bytes: usize,
    id: String,
    version: String,
    /// The name of the method.
    pub method: String,
    /// The parameters, a JSON text.
    params: Option<&'a str>,
}

/// The reason why a method has no result.
#[derive(Debug)]
pub enum Failure {
    /// An error that the platform shows: 200 with `error`.
    Rpc(RpcError),
    /// An error of the API, with a status of its own.
    Api(ApiError),
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl Failure {
    /// Returns the error for wrong parameters.
    pub fn params(message: impl Into<String>) -> Self {
        Self::Rpc(RpcError { code: INVALID_PARAMS, message: message.into() })
    }
}

impl<'a> RpcCall<'a> {
    /// Reads a call. `body` is a JSON object; members that are not known are ignored.
    pub fn read(body: &'a str) -> Result<Self, ApiError> {
        let members = json::members(body).unwrap_or_default();
        let text = |name: &str| {
            let value = members.get(name).filter(|value| Kind::of(value) != Kind::Null);
            let value = value.ok_or_else(|| ApiError::invalid(name, "it is missing; expected a string"))?;
            json::string(value).ok_or_else(|| {
                let found = Kind::of(value).with_article();
                ApiError::invalid(name, format!("it is {found}; expected a string"))
            })
        };
        Ok(Self {
            body_bytes: body.len(),
            id: text("id")?,
            version: text("jsonrpc")?,
            method: text("method")?,
            params: members.get("params").copied().filter(|params| Kind::of(params) != Kind::Null),
        })
    }

    /// Refuses a call of another version, and parameters without names.
    pub fn check(&self) -> Result<(), Failure> {
        if self.version != VERSION {
            let message = format!("the version of the call is another one; expected \"jsonrpc\": \"{VERSION}\"");
            return Err(Failure::Rpc(RpcError { code: INVALID_REQUEST, message }));
        }
        match self.params.map(Kind::of) {
            None | Some(Kind::Object) => Ok(()),
            Some(found) => {
                Err(Failure::params(format!("params is {}; expected an object of parameters", found.with_article())))
            }
        }
    }

    /// Returns a parameter; none if it is absent or null.
    pub fn param(&self, name: &str) -> Option<&'a str> {
        json::member(self.params?, name).filter(|value| Kind::of(value) != Kind::Null)
    }

    /// Returns the items of a parameter that is an array of at most `limit` records.
    pub fn records(&self, name: &str, limit: usize) -> Result<Vec<&'a str>, Failure> {
        let records = self.param(name).filter(|records| Kind::of(records) == Kind::Array);
        let records = records.ok_or_else(|| Failure::params(format!("{name} is absent or no array")))?;
        match json::array_len(records).unwrap_or_default() {
            found if found > limit => Err(Failure::params(format!(
                "{name} holds {found} records; at most {limit} are allowed in one call: send smaller batches"
            ))),
            _ => Ok(json::items(records).unwrap_or_default()),
        }
    }

    /// Returns the error for a method that is not known.
    pub fn unknown_method(&self) -> Failure {
        Failure::Rpc(RpcError { code: METHOD_NOT_FOUND, message: "Method not found".to_owned() })
    }

    /// Answers the call.
    pub fn answer(self, result: Result<RawJson, Failure>, memory: AnswerMemory) -> Result<Response, ApiError> {
        let (result, error) = match result {
            Ok(result) => (Some(result), None),
            Err(Failure::Rpc(error)) => (None, Some(error)),
            Err(Failure::Api(error)) => return Err(error),
        };
        memory.answer(RpcResponse { jsonrpc: VERSION.to_owned(), id: self.id, result, error })
    }
}

/// Reserves the memory of an answer. A result repeats the ids of the records.
pub fn reserve_answer(engine: &Engine, body: &str) -> Result<AnswerMemory, ApiError> {
    let memory = AnswerMemory::new(engine);
    match memory.reserve(body.len() as u64) {
        true => Ok(memory),
        false => Err(AnswerMemory::exhausted()),
    }
}

/// Writes a result.
pub fn result(value: &impl Serialize) -> Result<RawJson, Failure> {
    serde_json::to_string(value).and_then(RawJson::parse).map_err(|error| {
        tracing::error!(%error, "a result cannot be written as JSON; please report it");
        Failure::Api(ApiError::new(ErrorKind::Internal, "the answer cannot be written; the server's log says why"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> String {
        let error = RpcCall::read(body).unwrap_err();
        format!("{}: {error}", error.field().unwrap_or("-"))
    }

    fn failed(body: &str) -> String {
        match RpcCall::read(body).unwrap().check().unwrap_err() {
            Failure::Rpc(RpcError { code, message }) => format!("{code} {message}"),
            Failure::Api(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_call_has_an_id_a_version_and_a_method() {
        let call = RpcCall::read(r#"{"jsonrpc":"2.0","id":"7","method":"add","params":{"a":null,"b":[1]},"x":1}"#);
        let call = call.unwrap();
        assert!(call.check().is_ok());
        assert_eq!((call.id.as_str(), call.method.as_str()), ("7", "add"));
        assert_eq!((call.param("a"), call.param("b"), call.param("c")), (None, Some("[1]"), None));
        insta::assert_snapshot!(refused(r#"{"jsonrpc":"2.0","method":"add"}"#), @"id: it is missing; expected a string");
        insta::assert_snapshot!(refused(r#"{"id":7,"jsonrpc":"2.0","method":"add"}"#), @"id: it is a number; expected a string");
        insta::assert_snapshot!(refused(r#"{"id":"7","method":"add"}"#), @"jsonrpc: it is missing; expected a string");
        insta::assert_snapshot!(refused(r#"{"id":"7","jsonrpc":"2.0","method":null}"#), @"method: it is missing; expected a string");
        insta::assert_snapshot!(failed(r#"{"id":"7","jsonrpc":"1.0","method":"add"}"#), @r#"-32600 the version of the call is another one; expected "jsonrpc": "2.0""#);
        insta::assert_snapshot!(failed(r#"{"id":"7","jsonrpc":"2.0","method":"add","params":[]}"#), @"-32602 params is an array; expected an object of parameters");
    }

    #[test]
    fn records_are_an_array_and_are_counted() {
        let call = |params: &str| format!(r#"{{"id":"7","jsonrpc":"2.0","method":"add","params":{params}}}"#);
        let records = |params: &str| {
            let body = call(params);
            let call = RpcCall::read(&body).unwrap();
            call.records("rows", 2).map(|records| records.join(" ")).map_err(|failure| match failure {
                Failure::Rpc(RpcError { message, .. }) => message,
                Failure::Api(error) => panic!("{error}"),
            })
        };
        assert_eq!(records(r#"{"rows":[1,{"a":1.10}]}"#).as_deref(), Ok(r#"1 {"a":1.10}"#));
        insta::assert_snapshot!(records("{}").unwrap_err(), @"rows is absent or no array");
        insta::assert_snapshot!(records(r#"{"rows":{}}"#).unwrap_err(), @"rows is absent or no array");
        insta::assert_snapshot!(records(r#"{"rows":[1,2,3]}"#).unwrap_err(), @"rows holds 3 records; at most 2 are allowed in one call: send smaller batches");
    }
}
