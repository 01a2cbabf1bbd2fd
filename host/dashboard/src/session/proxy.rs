//! People whom a trusted proxy has signed in, so that the log of changes names them. They have the rights of one management
//! token, and no cookie.

use std::net::IpAddr;

use axum::http::HeaderMap;
use inlet_api::{Operator, hash_values};
use inlet_engine::{Engine, admission::peer::ConnectionPeer};

use super::Session;
use crate::state::PersonHeader;

/// The longest name, in bytes.
const MAX_NAME: usize = 200;

/// Returns the session of the person that a request's header names, if a trusted proxy sent it.
pub fn find(engine: &Engine, header: &PersonHeader, peer: IpAddr, headers: &HeaderMap) -> Option<Session> {
    if engine.connection_peer(peer) != ConnectionPeer::Proxy {
        return None;
    }
    let name = person(headers, header)?;
    match Operator::of_token(engine, &header.token) {
        Ok((operator, token)) => Some(Session {
            operator: operator.for_person(&format!("{name} (by proxy)")),
            csrf: hex::encode(hash_values(&[b"csrf by proxy", &token.hash, name.as_bytes()])),
            id: None,
        }),
        Err(error) => {
            tracing::error!(%error, "dashboard_user_token is not good, so nobody is signed in by the proxy");
            None
        }
    }
}

/// Returns the name in the header. One that stands twice, is empty or is no plain text names nobody.
fn person<'a>(headers: &'a HeaderMap, header: &PersonHeader) -> Option<&'a str> {
    let mut values = headers.get_all(&header.name).iter();
    let name = std::str::from_utf8(values.next()?.as_bytes()).ok()?.trim();
    let is_name = !name.is_empty() && name.len() <= MAX_NAME && !name.contains(char::is_control);
    (is_name && values.next().is_none()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_one_plain_name() {
        let header = PersonHeader { name: "x-forwarded-user".parse().unwrap(), token: String::new() };
        let named = |values: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(&header.name, axum::http::HeaderValue::from_bytes(value).unwrap());
            }
            person(&headers, &header).map(str::to_owned)
        };
        assert_eq!(named(&[b" ana@example.com "]).as_deref(), Some("ana@example.com"));
        assert_eq!(named(&["José".as_bytes()]).as_deref(), Some("José"));
        let long = [b'a'; MAX_NAME + 1];
        let nobody: [&[&[u8]]; 5] = [&[], &[b""], &[b"ana", b"bo"], &[b"\xff"], &[&long]];
        for values in nobody {
            assert_eq!(named(values), None, "{values:?}");
        }
    }
}
