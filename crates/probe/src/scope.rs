//! What a run may touch: names, address ranges and the kind of location we look from.

use std::collections::BTreeSet;
use std::net::IpAddr;

use bulwark_model::Intensity;

/// Where the prober stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Vantage {
    /// Outside, as a citizen: private and loopback addresses are refused.
    #[default]
    Internet,
    /// On the owner's network: private addresses are allowed.
    Inside,
}

/// An address range, `203.0.113.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl std::str::FromStr for Network {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let (address, bits) = s.split_once('/').map_or((s, None), |(a, b)| (a, Some(b)));
        let base: IpAddr = address.trim().parse().map_err(|_| format!("`{address}`"))?;
        let max = if base.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => max,
            Some(b) => b.trim().parse::<u8>().ok().filter(|b| *b <= max).ok_or_else(|| format!("`/{b}`"))?,
        };
        Ok(Self { base, bits })
    }
}

impl Network {
    /// True when `address` lies in the range (IPv4-mapped IPv6 counts as IPv4).
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(b), IpAddr::V4(a)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(b) & mask == u32::from(a) & mask
            }
            (IpAddr::V6(b), IpAddr::V6(a)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                u128::from(b) & mask == u128::from(a) & mask
            }
            _ => false,
        }
    }
}

/// The approved scope. Everything not named is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Host names (A-labels, lower case, no final dot) and address literals.
    pub hosts: BTreeSet<String>,
    /// When not empty, every address must lie in one of these.
    pub networks: Vec<Network>,
    /// Where we stand.
    pub vantage: Vantage,
}

impl Scope {
    /// True when the plan names this host (or this address literal).
    pub fn allows_host(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').trim_matches(['[', ']']).to_ascii_lowercase();
        self.hosts.contains(&host)
    }

    /// True when an address that a name in scope resolved to may be connected to.
    ///
    /// `lab` reaches loopback only; from the Internet private, link-local and loopback addresses
    /// are refused (they would be our own network, not the target's).
    pub fn allows_address(&self, address: IpAddr, intensity: Intensity) -> bool {
        let address = address.to_canonical();
        if intensity == Intensity::Lab {
            return address.is_loopback();
        }
        if address.is_unspecified() || address.is_multicast() || is_metadata(address) {
            return false;
        }
        if self.vantage == Vantage::Internet && !is_public(address) {
            return false;
        }
        self.networks.is_empty() || self.networks.iter().any(|n| n.contains(address))
    }
}

/// Cloud metadata services: never a target of a health check.
fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => a.octets() == [169, 254, 169, 254],
        IpAddr::V6(a) => a.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254],
    }
}

/// Not loopback, private, link-local, unique-local, shared or broadcast.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            let shared = a.octets()[0] == 100 && (64..128).contains(&a.octets()[1]);
            !(a.is_loopback() || a.is_private() || a.is_link_local() || a.is_broadcast() || shared)
                && a.octets()[0] != 0
        }
        IpAddr::V6(a) => {
            let local = (a.segments()[0] & 0xfe00) == 0xfc00 || (a.segments()[0] & 0xffc0) == 0xfe80;
            !(a.is_loopback() || local)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(s: &str) -> IpAddr {
        s.parse().expect("an address")
    }

    #[test]
    fn only_named_hosts_are_in_scope() {
        let scope = Scope { hosts: ["www.a.tw".into(), "::1".into()].into(), ..Scope::default() };
        assert!(scope.allows_host("WWW.A.TW."));
        assert!(scope.allows_host("[::1]"));
        assert!(!scope.allows_host("b.www.a.tw"));
    }

    #[test]
    fn from_the_internet_private_addresses_are_refused() {
        let scope = Scope::default();
        for a in [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "::1",
            "fe80::1",
            "fd12::1",
            "0.0.0.0",
            "::ffff:10.0.0.1",
            "100.64.0.1",
        ] {
            assert!(!scope.allows_address(ip(a), Intensity::Low), "{a}");
        }
        assert!(scope.allows_address(ip("203.0.113.9"), Intensity::Low));
    }

    #[test]
    fn networks_narrow_and_lab_is_loopback_only() {
        let scope = Scope {
            networks: vec!["10.0.0.0/8".parse().expect("a network")],
            vantage: Vantage::Inside,
            ..Scope::default()
        };
        assert!(scope.allows_address(ip("10.9.9.9"), Intensity::Low));
        assert!(!scope.allows_address(ip("11.0.0.1"), Intensity::Low));
        assert!(!scope.allows_address(ip("10.9.9.9"), Intensity::Lab));
        assert!(scope.allows_address(ip("127.5.0.1"), Intensity::Lab));
        assert!("10.0.0.0/33".parse::<Network>().is_err());
        assert!("0.0.0.0/0".parse::<Network>().expect("all").contains(ip("8.8.8.8")));
    }
}
