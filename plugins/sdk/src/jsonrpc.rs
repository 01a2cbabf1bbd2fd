//! JSON-RPC 2.0 for platforms that call methods of a destination and read the answer.
//!
//! A call's id is returned as the text that was sent, whatever its type. A query method is answered at once: the memo
//! holds the whole answer. A method that brings rows is answered from their outcomes. Every answer to a call has the status
//! 200; errors are reported in its member `error`. What is no call is answered by its status alone.

use std::borrow::Cow;

use crate::{Item, Kind, Node, Notice, Outcome, Reply, Request, Translation};

/// The body is JSON but not a valid call.
pub const INVALID_REQUEST: i32 = -32600;
/// The method does not exist.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The method's parameters are invalid.
pub const INVALID_PARAMS: i32 = -32602;

/// Longest id or identifier that is echoed, in bytes.
const LONGEST_ECHO: usize = 1024;
/// Maximum number of brackets in an echoed id or identifier.
const DEEPEST_ECHO: usize = 32;

/// A method call.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The text of `id`.
    id: &'a str,
    /// The member `method`.
    pub method: Cow<'a, str>,
    /// The member `params`; `None` if it is absent or null.
    pub params: Option<Node<'a>>,
}

/// The body of a request from a platform that calls methods and also posts plain JSON.
#[derive(Debug, Clone)]
pub enum Posted<'a> {
    /// A method call.
    Call(Call<'a>),
    /// The translation that answers a malformed call.
    Malformed(Box<Translation>),
    /// An object or an array that is no call. Its sender reads only the status of the answer.
    Other(Node<'a>),
}

impl Request {
    /// Reads the body as a call or as plain JSON.
    ///
    /// # Errors
    ///
    /// A notice if the body is not JSON, or neither an object nor an array. It is no call, so it is answered by a status:
    /// a JSON-RPC error in a 200 would tell the sender of plain JSON that everything arrived.
    pub fn call(&self) -> Result<Posted<'_>, Notice> {
        let body = self.json()?;
        let malformed = |translation| Ok(Posted::Malformed(Box::new(translation)));
        match body.kind() {
            Kind::Object if is_call(&body) => Call::read(&body).map(Posted::Call).or_else(malformed),
            Kind::Array if body.items().next().is_some_and(|first| is_call(&first)) => malformed(invalid(
                "null",
                "not_an_object",
                "The body is an array of JSON-RPC calls; send each call in a request of its own.",
            )),
            Kind::Object | Kind::Array => Ok(Posted::Other(body)),
            found => Err(Notice::new(
                "not_an_object",
                format!("The body is {found}; expected a JSON-RPC 2.0 call, a JSON object or an array of objects."),
            )),
        }
    }
}

/// Returns true if the object is a call, well formed or not: every call names its version. A plain row can have the columns
/// `id`, `method` and `params`.
fn is_call(body: &Node<'_>) -> bool {
    body.get("jsonrpc").is_some()
}

impl<'a> Call<'a> {
    #[expect(clippy::result_large_err, reason = "made once for a request, and handed on at once")]
    fn read(body: &Node<'a>) -> Result<Self, Translation> {
        let [version, id, method, params] = body.fields(["jsonrpc", "id", "method", "params"]);
        // A call without an id cannot be answered distinctly. A platform that does not wait for the answer would take a
        // rejected row for an accepted one. Both platforms that call methods always send an id.
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

    /// Returns a parameter by name; `None` if it is absent or the parameters are not named.
    pub fn param(&self, name: &str) -> Option<Node<'a>> {
        self.params.as_ref()?.get(name)
    }

    /// Answers a query method; the call creates no events. `result` is JSON text.
    pub fn answered(&self, result: &str) -> Translation {
        let sentence = "The platform asked about this destination and was answered.";
        let mut translation = Translation::from(Item::Ignored(Notice::new("handshake", sentence)));
        translation.memo = said(&written(self.id, "result", result));
        translation
    }

    /// Hands over the items of a method that brings rows, one item per row. [`answer`] writes the answer from their
    /// outcomes.
    pub fn brought(&self, items: Vec<Item>) -> Translation {
        Translation { memo: format!("{WAITING}{}", self.id), ..Translation::from(items) }
    }

    /// Answers that the parameters are invalid. The call creates no events.
    pub fn wrong_params(&self, code: &str, sentence: impl Into<String>) -> Translation {
        refused(self.id, INVALID_PARAMS, Notice::new(code, sentence))
    }

    /// Answers that the method does not exist.
    pub fn unknown_method(&self) -> Translation {
        refused(self.id, METHOD_NOT_FOUND, Notice::new("unsupported", "Method not found"))
    }
}

/// First character of a memo that holds the complete answer. Without it, the memo is the id of a call whose rows were
/// handed over.
const SAID: char = '=';
const WAITING: char = '#';

/// Writes the answer from the outcomes.
///
/// `result` returns the result as JSON text. It is called only after [`Call::brought`].
pub fn answer(memo: &str, outcomes: &[Outcome], result: impl FnOnce(&[Outcome]) -> String) -> Reply {
    if let Some(said) = memo.strip_prefix(SAID) {
        return Reply::json(said);
    }
    let id = memo.strip_prefix(WAITING).unwrap_or("null");
    Reply::json(written(id, "result", &result(outcomes)))
}

/// Returns `text` as a JSON string literal.
pub fn quote(text: &str) -> String {
    // Serializing a string into memory does not fail.
    serde_json::to_string(text).unwrap_or_else(|_| r#""""#.to_owned())
}

/// Returns the text of a value to be echoed; `None` if it is too long, too deeply nested or not Unicode.
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
