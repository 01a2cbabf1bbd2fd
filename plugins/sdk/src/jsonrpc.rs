//! JSON-RPC 2.0 as platforms speak it that call methods of a destination and read the answer.
//!
//! A call's id is given back as the text that it was, whatever its type. A method that asks is answered at once: the
//! whole answer is in the memo. A method that brings rows is answered from what became of them. Every answer is 200; what
//! went wrong is in its `error`.

use std::borrow::Cow;

use crate::{Item, Kind, Node, Notice, Outcome, Reply, Request, Translation};

/// The body is not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// It is JSON, and no call.
pub const INVALID_REQUEST: i32 = -32600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The method's parameters are wrong.
pub const INVALID_PARAMS: i32 = -32602;

/// The longest id or identifier that is given back, in bytes.
const LONGEST_ECHO: usize = 1024;
/// The most brackets in one.
const DEEPEST_ECHO: usize = 32;

/// One call.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// `id` as the text that it is.
    id: &'a str,
    /// `method`
    pub method: Cow<'a, str>,
    /// `params`; none where they are absent or null.
    pub params: Option<Node<'a>>,
}

/// What a body is to a plugin whose platform calls methods and also posts plain JSON.
#[derive(Debug, Clone)]
pub enum Posted<'a> {
    /// A call.
    Call(Call<'a>),
    /// An object or an array that is no call and does not look like one.
    Other(Node<'a>),
}

impl Request {
    /// Reads the body. An error is the answer to what is neither a call nor an object nor an array.
    #[expect(clippy::result_large_err, reason = "made once for a request, and handed on at once")]
    pub fn call(&self) -> Result<Posted<'_>, Translation> {
        let body = self.json().map_err(|notice| refused("null", PARSE_ERROR, notice))?;
        match body.kind() {
            Kind::Object if looks_like_a_call(&body) => Call::read(&body).map(Posted::Call),
            Kind::Object => Ok(Posted::Other(body)),
            Kind::Array if body.items().next().is_some_and(|first| looks_like_a_call(&first)) => Err(invalid(
                "null",
                "not_an_object",
                "The body is an array of JSON-RPC calls; send each call in a request of its own.",
            )),
            Kind::Array => Ok(Posted::Other(body)),
            found => Err(invalid(
                "null",
                "not_an_object",
                &format!("The body is {found}; expected a JSON-RPC 2.0 call, a JSON object or an array of objects."),
            )),
        }
    }
}

/// Whether an object means to be a call, well formed or not. A row may well have columns `id` and `method`.
fn looks_like_a_call(body: &Node<'_>) -> bool {
    let [version, method, params, kind, event] = body.fields(["jsonrpc", "method", "params", "type", "event"]);
    version.is_some() || (method.is_some() && params.is_some() && kind.is_none() && event.is_none())
}

impl<'a> Call<'a> {
    #[expect(clippy::result_large_err, reason = "made once for a request, and handed on at once")]
    fn read(body: &Node<'a>) -> Result<Self, Translation> {
        let [version, id, method, params] = body.fields(["jsonrpc", "id", "method", "params"]);
        // Without an id there is nothing that the answer could be told apart by, and a platform that does not wait for
        // it would take a refused row for a taken one. Both platforms that call always send one.
        let Some(id) = id else {
            return Err(invalid("null", "missing_field", "The call has no `id`; send one, and read the answer."));
        };
        let Some(id) = echo(&id) else {
            let sentence = "The call's `id` cannot be given back: it is longer than 1 KiB, nested too deeply or holds \
                            half a surrogate pair. Send a short string.";
            return Err(invalid("null", "wrong_type", sentence));
        };
        if version.and_then(|version| version.as_str()).as_deref() != Some("2.0") {
            return Err(invalid(id, "wrong_type", r#"Expected "jsonrpc": "2.0" in the call."#));
        }
        let Some(method) = method.and_then(|method| method.as_str()) else {
            return Err(invalid(id, "missing_field", "The call has no `method`, or it is no string."));
        };
        Ok(Self { id, method, params: params.filter(|params| params.kind() != Kind::Null) })
    }

    /// A parameter. None: it is absent, or there are no parameters by name.
    pub fn param(&self, name: &str) -> Option<Node<'a>> {
        self.params.as_ref()?.get(name)
    }

    /// Answers a method that asks: nothing happened. `result` is JSON text.
    pub fn answered(&self, result: &str) -> Translation {
        let sentence = "The platform asked about this destination and was answered.";
        let mut translation = Translation::from(Item::Ignored(Notice::new("handshake", sentence)));
        translation.memo = said(&written(self.id, "result", result));
        translation
    }

    /// Hands over the items that a method brought, one for each row. The answer is [`answer`]'s, from what becomes of
    /// them.
    pub fn brought(&self, items: Vec<Item>) -> Translation {
        Translation { memo: format!("{WAITING}{}", self.id), ..Translation::from(items) }
    }

    /// Answers that the parameters are wrong. Nothing of the call happens.
    pub fn wrong_params(&self, code: &str, sentence: impl Into<String>) -> Translation {
        refused(self.id, INVALID_PARAMS, Notice::new(code, sentence))
    }

    /// Answers that there is no such method.
    pub fn unknown_method(&self) -> Translation {
        refused(self.id, METHOD_NOT_FOUND, Notice::new("unsupported", "Method not found"))
    }
}

/// The memo's first character: what follows is the answer, or the id of a call whose rows are on their way.
const SAID: char = '=';
const WAITING: char = '#';

/// Writes the answer once the outcomes are known. `result` makes the JSON text of a result of them; it is asked only
/// after a call that [`Call::brought`] rows.
pub fn answer(memo: &str, outcomes: &[Outcome], result: impl FnOnce(&[Outcome]) -> String) -> Reply {
    if let Some(said) = memo.strip_prefix(SAID) {
        return Reply::json(said);
    }
    let id = memo.strip_prefix(WAITING).unwrap_or("null");
    Reply::json(written(id, "result", &result(outcomes)))
}

/// A text as a JSON string.
pub fn quote(text: &str) -> String {
    // Writing a string to memory does not fail.
    serde_json::to_string(text).unwrap_or_else(|_| r#""""#.to_owned())
}

/// The text of a value to be given back as it came. None: it is too long for that, too deep, or not Unicode.
pub fn echo<'a>(node: &Node<'a>) -> Option<&'a str> {
    let raw = node.raw();
    let whole = match node.kind() {
        Kind::String => node.as_str().is_some(),
        Kind::Array | Kind::Object => {
            let brackets = raw.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
            brackets <= DEEPEST_ECHO && !raw.contains("\\u")
        }
        _ => true,
    };
    (whole && raw.len() <= LONGEST_ECHO).then_some(raw)
}

fn invalid(id: &str, code: &str, sentence: &str) -> Translation {
    refused(id, INVALID_REQUEST, Notice::new(code, sentence))
}

fn refused(id: &str, code: i32, notice: Notice) -> Translation {
    let error = format!(r#"{{"code":{code},"message":{}}}"#, quote(&notice.message));
    let memo = said(&written(id, "error", &error));
    Translation { memo, ..Translation::from(Item::Rejected(notice)) }
}

fn said(reply: &str) -> String {
    format!("{SAID}{reply}")
}

fn written(id: &str, member: &str, value: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"{member}":{value}}}"#)
}

#[cfg(test)]
#[path = "jsonrpc_tests.rs"]
mod tests;
