//! The failed tries to sign in, limited for each address and in total. A token cannot be guessed; the limits keep tries from
//! costing anything and from hiding in the log.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

/// The length of a window, in milliseconds.
const WINDOW_MS: i64 = 60_000;
/// The failed tries of one address in a window.
pub const PER_ADDRESS: u32 = 10;
/// The failed tries of all addresses in a window.
const IN_TOTAL: u32 = 1000;

/// The failed tries of the current window.
#[derive(Debug, Default)]
pub struct SignInAttempts(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    since_ms: i64,
    total: u32,
    by_address: HashMap<IpAddr, u32>,
}

impl SignInAttempts {
    /// Returns true if an address may try.
    pub fn may_try(&self, address: IpAddr, now_ms: i64) -> bool {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.roll(now_ms);
        window.total < IN_TOTAL && window.by_address.get(&network(address)).is_none_or(|count| *count < PER_ADDRESS)
    }

    /// Counts a failed try.
    pub fn failed(&self, address: IpAddr, now_ms: i64) {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        window.roll(now_ms);
        window.total += 1;
        *window.by_address.entry(network(address)).or_default() += 1;
    }
}

impl Window {
    fn roll(&mut self, now_ms: i64) {
        if !(self.since_ms..self.since_ms + WINDOW_MS).contains(&now_ms) {
            *self = Self { since_ms: now_ms, ..Self::default() };
        }
    }
}

/// An IPv6 host chooses among the addresses of its /64, so that is counted.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_limited_until_the_window_ends() {
        let attempts = SignInAttempts::default();
        let [first, neighbour, other] = ["2001:db8::1", "2001:db8::2", "192.0.2.1"].map(|text| text.parse().unwrap());
        for _ in 0..PER_ADDRESS {
            assert!(attempts.may_try(first, 1000));
            attempts.failed(first, 1000);
        }
        assert!(!attempts.may_try(first, 2000) && !attempts.may_try(neighbour, 2000));
        assert!(attempts.may_try(other, 2000));
        assert!(attempts.may_try(first, 1000 + WINDOW_MS));
    }

    #[test]
    fn all_addresses_together_are_limited() {
        let attempts = SignInAttempts::default();
        for number in 0..IN_TOTAL {
            attempts.failed(IpAddr::from(number.to_be_bytes()), 1000);
        }
        assert!(!attempts.may_try("192.0.2.1".parse().unwrap(), 1000));
    }
}
