//! What an SPF record costs a receiver when nothing in it matches: terms that ask DNS over all
//! included records, and those among them that find nothing (RFC 7208 §4.6.4).

use super::eval::{Found, Resolver, Trouble};
use super::spf::{Mechanism, Qualifier, Spf, is_spf, parse_spf};

/// Terms counted at most; a record beyond this is long void and may be a loop.
const MAX_TERMS: usize = 40;

/// One term that asks DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostTerm {
    /// Domain of the record it stands in.
    pub record: String,
    /// The term as text.
    pub term: String,
    /// True when it found nothing; `None` when that depends on the mail or was not asked.
    pub void: Option<bool>,
}

/// Why the whole evaluation ends in `permerror` whatever the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CostFault {
    /// An included or redirected-to domain has no SPF record (§5.2, §6.1).
    NoRecord(String),
    /// It has several (§4.5).
    Several(String),
    /// Its record breaks the grammar (§4.6).
    Invalid(String),
    /// An MX set with more than ten hosts (§4.6.4).
    ManyHosts(String),
}

/// The cost of a domain's record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cost {
    /// Terms that ask DNS, in the order of evaluation.
    pub terms: Vec<CostTerm>,
    /// More terms than we counted.
    pub endless: bool,
    /// Questions whose answers are missing: name and type.
    pub unasked: Vec<(String, String)>,
    /// What makes the record void whatever the client.
    pub fault: Option<CostFault>,
    /// Sign of the `all` that ends the evaluation, also through `redirect`.
    pub all: Option<Qualifier>,
    /// A redirect whose target cannot be known (macro) or was not answered.
    pub open_end: Option<String>,
    /// A name that could not be looked up for the moment.
    pub trouble: Option<String>,
}

impl Cost {
    /// Terms that ask DNS.
    pub fn lookups(&self) -> usize {
        self.terms.len()
    }

    /// Terms that surely find nothing.
    pub fn voids(&self) -> usize {
        self.terms.iter().filter(|t| t.void == Some(true)).count()
    }

    /// Whether every answer needed was there.
    pub fn complete(&self) -> bool {
        self.unasked.is_empty() && self.trouble.is_none() && !self.endless
    }

    /// Counts one record of a domain.
    pub fn of(domain: &str, spf: &Spf, resolver: &dyn Resolver) -> Self {
        let mut cost = Self::default();
        cost.all = cost.record(domain, spf, resolver);
        cost
    }

    fn add(&mut self, record: &str, term: String, void: Option<bool>) -> bool {
        if self.terms.len() >= MAX_TERMS {
            self.endless = true;
            return false;
        }
        self.terms.push(CostTerm { record: record.to_owned(), term, void });
        true
    }

    fn need<T>(&mut self, found: Found<T>, name: &str, rtypes: &[&str]) -> Option<Vec<T>> {
        match found {
            Ok(records) => Some(records),
            Err(Trouble::Unasked) => {
                for rtype in rtypes {
                    let question = (name.to_owned(), (*rtype).to_owned());
                    if !self.unasked.contains(&question) {
                        self.unasked.push(question);
                    }
                }
                None
            }
            Err(Trouble::Temporary) => {
                self.trouble.get_or_insert_with(|| name.to_owned());
                None
            }
        }
    }

    /// Counts a record; gives the sign its evaluation ends in.
    fn record(&mut self, domain: &str, spf: &Spf, resolver: &dyn Resolver) -> Option<Qualifier> {
        for term in &spf.terms {
            let fits = match &term.mechanism {
                Mechanism::All => return Some(term.qualifier),
                Mechanism::Ip4(..) | Mechanism::Ip6(..) => true,
                Mechanism::Ptr(spec) => {
                    let shown = spec.as_ref().map_or("ptr".to_owned(), |s| format!("ptr:{s}"));
                    self.add(domain, shown, None)
                }
                Mechanism::Exists(spec) => {
                    let found = self.addresses(spec, resolver, &["A"]);
                    self.add(domain, format!("exists:{spec}"), found)
                }
                Mechanism::A { domain: spec, .. } => {
                    let shown = spec.as_ref().map_or("a".to_owned(), |s| format!("a:{s}"));
                    let found = self.addresses(spec.as_deref().unwrap_or(domain), resolver, &["A", "AAAA"]);
                    self.add(domain, shown, found)
                }
                Mechanism::Mx { domain: spec, .. } => {
                    let shown = spec.as_ref().map_or("mx".to_owned(), |s| format!("mx:{s}"));
                    let void = self.mail_hosts(spec.as_deref().unwrap_or(domain), resolver);
                    self.add(domain, shown, void)
                }
                Mechanism::Include(spec) => {
                    let fits = self.add(domain, format!("include:{spec}"), None);
                    if fits {
                        self.other(spec, resolver);
                    }
                    fits
                }
            };
            if !fits || self.fault.is_some() {
                return None;
            }
        }
        let target = spf.redirect.as_ref()?;
        if !self.add(domain, format!("redirect={target}"), None) {
            return None;
        }
        let end = self.other(target, resolver);
        if end.is_none() && self.fault.is_none() {
            self.open_end.get_or_insert_with(|| target.clone());
        }
        // A target that ends without `all` ends in neutral (§4.7).
        end.flatten()
    }

    /// The record of another domain; `None` when it cannot be known.
    #[expect(clippy::option_option, reason = "no record at all, a record without `all`, a record with one")]
    fn other(&mut self, domain: &str, resolver: &dyn Resolver) -> Option<Option<Qualifier>> {
        if domain.contains('%') || self.endless || self.fault.is_some() {
            return None;
        }
        let found = resolver.txt(domain);
        let texts = self.need(found, domain, &["TXT"])?;
        let records: Vec<&String> = texts.iter().filter(|t| is_spf(t)).collect();
        let fault = match records.as_slice() {
            [] => CostFault::NoRecord(domain.to_owned()),
            [record] => match parse_spf(record) {
                Ok(spf) => return Some(self.record(domain, &spf, resolver)),
                Err(_) => CostFault::Invalid(domain.to_owned()),
            },
            _ => CostFault::Several(domain.to_owned()),
        };
        self.fault = Some(fault);
        None
    }

    /// Whether a name has no address at all.
    fn addresses(&mut self, name: &str, resolver: &dyn Resolver, rtypes: &[&str]) -> Option<bool> {
        if name.contains('%') {
            return None;
        }
        let mut void = Some(true);
        for rtype in rtypes {
            let found = resolver.addresses(name, *rtype == "AAAA");
            match self.need(found, name, &[rtype]) {
                Some(found) if found.is_empty() => {}
                Some(_) => void = void.map(|_| false),
                None => void = void.filter(|v| !v),
            }
        }
        void
    }

    fn mail_hosts(&mut self, name: &str, resolver: &dyn Resolver) -> Option<bool> {
        if name.contains('%') {
            return None;
        }
        let found = resolver.mx(name);
        let hosts = self.need(found, name, &["MX"])?;
        if hosts.len() > 10 {
            self.fault = Some(CostFault::ManyHosts(name.to_owned()));
        }
        Some(hosts.is_empty())
    }
}
