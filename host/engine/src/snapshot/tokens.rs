//! Tokens and keys: how they are made, and how they are found by their hash.

use sha2::{Digest as _, Sha256};

/// A SHA-256, by which endpoint tokens and API keys are found: the time of a lookup does not depend on the secret.
pub type TokenHash = [u8; 32];

/// The number of characters of a token that are kept in clear, by which people tell tokens apart.
const HINT: usize = 4;

/// Hashes a token or a key.
pub fn hash_token(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// Makes an endpoint token: 160 random bits, in letters and digits.
pub fn new_token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 20];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// Makes a token for the management API.
pub fn new_management_token() -> Result<String, getrandom::Error> {
    new_token().map(|token| format!("im_{token}"))
}

/// Makes an API key of an environment.
pub fn new_api_key() -> Result<String, getrandom::Error> {
    new_token().map(|token| format!("sk_{token}"))
}

/// Returns the last characters of a token or a key.
pub fn hint(token: &str) -> String {
    token[token.len().saturating_sub(HINT)..].to_owned()
}
