//! The mail hosts that a domain itself names: they join the scope of a single probe.

use std::net::IpAddr;

use bulwark_probe::dns::{self, Host};
use bulwark_probe::evidence::{Dns, DnsRole};
use bulwark_probe::mail::{MxSet, mx_set};

use super::single::{Profile, Single, Target};

/// Hosts visited of one domain, as many as TLSA records are asked for.
const MAX_HOSTS: usize = 4;

impl Single {
    /// The domain whose mail hosts are visited: that of the profile `mail`. `full` leaves them alone,
    /// since it would also look for open ports on machines that often belong to somebody else.
    pub fn mail_domain(&self) -> Option<&str> {
        match &self.target {
            Target::Name(host) if self.profile == Profile::Mail && host.parse::<IpAddr>().is_err() => {
                Some(host)
            }
            _ => None,
        }
    }

    /// Takes the mail hosts that the answer names into the scope.
    pub fn visit_mail_hosts(&mut self, found: &Dns) {
        self.mail_hosts = self.mail_domain().map(|d| mail_hosts(found, d)).unwrap_or_default();
    }
}

/// The hosts of the resolver's MX answer, the preferred ones first.
///
/// Without MX records mail may go to the domain's own address (RFC 5321 §5.1), but nobody has named
/// that a mail host: it is not visited. Nor is an address where a name belongs.
fn mail_hosts(found: &Dns, domain: &str) -> Vec<String> {
    let answer = dns::lookup(found, DnsRole::Recursive, domain, "MX")
        .into_iter()
        .find_map(|(_, answer)| answer.ok().filter(|m| m.rcode == 0 && !m.truncated));
    let set = answer.map_or(MxSet::None, |m| {
        let own: Vec<dns::Rr> =
            m.answers.into_iter().filter(|r| r.name.eq_ignore_ascii_case(domain)).collect();
        mx_set(&own)
    });
    let (MxSet::Hosts(hosts) | MxSet::NullMixed(hosts)) = set else { return Vec::new() };
    let mut out: Vec<String> = Vec::new();
    for (_, host) in hosts.iter().filter(|(_, h)| h != ".") {
        if let Ok(Host::Name(name)) = dns::host(host)
            && !out.contains(&name.ascii)
        {
            out.push(name.ascii);
        }
    }
    out.truncate(MAX_HOSTS);
    out
}

#[cfg(test)]
mod tests {
    use bulwark_probe::evidence::{Blob, DnsExchange};

    use super::*;

    fn name(text: &str) -> Vec<u8> {
        let labels = text.split('.').filter(|l| !l.is_empty());
        let mut out: Vec<u8> =
            labels.flat_map(|l| std::iter::once(l.len().to_le_bytes()[0]).chain(l.bytes())).collect();
        out.push(0);
        out
    }

    fn answer(rcode: u8, records: &[(&str, u8, &str)]) -> Dns {
        let mut bytes = vec![0, 7, 0x81, 0x80 | rcode, 0, 1, 0, records.len().to_le_bytes()[0], 0, 0, 0, 0];
        bytes.extend(name("a.tw"));
        bytes.extend([0, 15, 0, 1]);
        for (owner, preference, host) in records {
            let data = [vec![0, *preference], name(host)].concat();
            bytes.extend(name(owner));
            bytes.extend([0, 15, 0, 1, 0, 0, 1, 0, 0, data.len().to_le_bytes()[0]]);
            bytes.extend(data);
        }
        let exchange = DnsExchange {
            role: DnsRole::Recursive,
            server_name: None,
            server: "192.0.2.53:53".into(),
            transport: "udp".into(),
            name: "a.tw".into(),
            rtype: "MX".into(),
            rtt_us: 1,
            answer: Ok(Blob(bytes)),
        };
        Dns { name: "a.tw".into(), apex: None, exchanges: vec![exchange], mta_sts: None }
    }

    #[test]
    fn only_what_the_answer_names_is_a_mail_host() {
        let hosts = |rcode, records: &[_]| mail_hosts(&answer(rcode, records), "a.tw");
        assert_eq!(
            hosts(0, &[("a.tw", 20, "MX2.a.tw"), ("a.tw", 10, "mx1.b.tw"), ("a.tw", 30, "mx2.a.tw")]),
            ["mx1.b.tw", "mx2.a.tw"]
        );
        assert!(hosts(0, &[]).is_empty());
        assert!(hosts(0, &[("a.tw", 0, ".")]).is_empty(), "null MX");
        assert!(hosts(3, &[("a.tw", 10, "mx.a.tw")]).is_empty(), "NXDOMAIN");
        assert!(hosts(0, &[("b.tw", 10, "mx.b.tw")]).is_empty(), "somebody else's records");
        assert!(hosts(0, &[("a.tw", 10, "192.0.2.1")]).is_empty(), "an address");
        let many: Vec<(&str, u8, &str)> = ["a.b", "c.d", "e.f", "g.h", "i.j"].map(|h| ("a.tw", 1, h)).into();
        assert_eq!(hosts(0, &many).len(), MAX_HOSTS);
    }
}
