//! An address to listen on.

use std::{fmt, net::SocketAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// An address to listen on: an IP address or a name such as `localhost`, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// An address as it is.
    Socket(SocketAddr),
    /// A name, which is looked up at the start.
    Name {
        /// The name.
        host: String,
        /// The port.
        port: u16,
    },
}

/// A text that is no address to listen on.
#[derive(Debug, thiserror::Error)]
#[error(
    "found {0:?}, expected an address and a port, for example 127.0.0.1:8080, [::1]:8080, localhost:8080 or 0.0.0.0:8080"
)]
pub struct NoListenAddress(String);

impl FromStr for ListenAddress {
    type Err = NoListenAddress;

    fn from_str(text: &str) -> Result<Self, NoListenAddress> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Socket(address));
        }
        let is_name = |host: &str| {
            !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        let named = text.rsplit_once(':').filter(|(host, _)| is_name(host));
        named
            .and_then(|(host, port)| Some(Self::Name { host: host.to_owned(), port: port.parse().ok()? }))
            .ok_or_else(|| NoListenAddress(text.to_owned()))
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl ListenAddress {
    /// Returns true if only this machine can connect to it. A name counts as one that others can reach.
    pub fn is_loopback(&self) -> bool {
        matches!(self, Self::Socket(address) if address.ip().is_loopback())
    }
}

impl Serialize for ListenAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_with_a_port() {
        for text in ["127.0.0.1:8080", "[::1]:0", "localhost:8080", "inlet.internal:65535", "0.0.0.0:80"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        for text in
            ["", "8080", ":8080", "localhost", "localhost:", "localhost:http", "localhost:65536", "a b:1", "::1:80:x"]
        {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
        insta::assert_snapshot!("8080".parse::<ListenAddress>().unwrap_err(), @r#"found "8080", expected an address and a port, for example 127.0.0.1:8080, [::1]:8080, localhost:8080 or 0.0.0.0:8080"#);
    }
}
