//! Mail records among stored answers of the resolver.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::eval::{Found, Resolver, Trouble};
use super::spf::{Spf, is_spf, parse_spf};
use super::{Dmarc, is_dmarc, parse_dmarc};
use crate::dns::{self, Data, Message};
use crate::evidence::{DnsExchange, DnsRole};

/// Answers of the recursive resolver by name and type; a good answer wins over a failure.
pub struct Stored {
    answers: BTreeMap<(String, String), Option<Message>>,
}

fn canonical(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

impl Stored {
    /// Reads the exchanges.
    pub fn new<'a>(exchanges: impl IntoIterator<Item = &'a DnsExchange>) -> Self {
        let mut answers: BTreeMap<(String, String), Option<Message>> = BTreeMap::new();
        for x in exchanges.into_iter().filter(|x| x.role == DnsRole::Recursive) {
            let good = dns::answer(x).ok().filter(|m| matches!(m.rcode, 0 | 3) && !m.truncated);
            let place = answers.entry((canonical(&x.name), x.rtype.to_ascii_uppercase())).or_default();
            if place.is_none() {
                *place = good;
            }
        }
        Self { answers }
    }

    fn get(&self, name: &str, rtype: &str) -> Result<&Message, Trouble> {
        match self.answers.get(&(canonical(name), rtype.to_owned())) {
            None => Err(Trouble::Unasked),
            Some(None) => Err(Trouble::Temporary),
            Some(Some(message)) => Ok(message),
        }
    }

    /// TXT records of a name; none when it was not asked.
    pub fn txt_of(&self, name: &str) -> Vec<String> {
        self.txt(name).unwrap_or_default()
    }

    /// The single valid SPF record of a domain.
    pub fn spf(&self, domain: &str) -> Option<Spf> {
        let texts = self.txt_of(domain);
        let mut records = texts.iter().filter(|t| is_spf(t));
        let record = records.next()?;
        if records.next().is_some() { None } else { parse_spf(record).ok() }
    }

    /// The DMARC record that applies to a domain and the domain it stands at: the first name of
    /// the policy tree that has exactly one.
    pub fn dmarc(&self, domain: &str) -> Option<(String, Dmarc)> {
        for at in super::policy_tree(domain) {
            let texts = self.txt_of(&format!("_dmarc.{at}"));
            let records: Vec<&String> = texts.iter().filter(|t| is_dmarc(t)).collect();
            match records.as_slice() {
                [] => {}
                [record] => return parse_dmarc(record).ok().map(|d| (at, d)),
                _ => return None,
            }
        }
        None
    }
}

impl Resolver for Stored {
    fn txt(&self, name: &str) -> Found<String> {
        let message = self.get(name, "TXT")?;
        Ok(message.texts().into_iter().map(str::to_owned).collect())
    }

    fn addresses(&self, name: &str, v6: bool) -> Found<IpAddr> {
        let message = self.get(name, if v6 { "AAAA" } else { "A" })?;
        Ok(message.addresses().into_iter().filter(|a| a.is_ipv6() == v6).collect())
    }

    fn mx(&self, name: &str) -> Found<(u16, String)> {
        let message = self.get(name, "MX")?;
        let host = |r: &dns::Rr| match &r.data {
            Data::Mx { preference, exchange } => Some((*preference, exchange.clone())),
            _ => None,
        };
        Ok(message.answers.iter().filter_map(host).collect())
    }

    fn ptr(&self, _address: IpAddr) -> Found<String> {
        Err(Trouble::Unasked)
    }
}
