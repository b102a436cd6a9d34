//! What a judge may look at.

use bulwark_probe::evidence::{
    AccessLog, Body, Browser, Dns, Dnssec, Files, Host, Http, HttpVariants, Mysql, Outcome, Page, Paths,
    PgLog, Ports, Postgres, Record, Smtp, Storage, Tcp, TimeOffset, TlsHandshake, TlsProfile, TlsVersions,
    Transaction,
};
use bulwark_probe::failure::Failure;
use jiff::Timestamp;

use crate::plan::{Answer, Plan};

/// A plan and the evidence gathered under it.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Evidence with its record ids (`E-0007`), in the order of the itinerary.
    pub evidence: &'a [(String, Record)],
    /// Kinds of evidence the itinerary asks for, whether or not it came.
    pub planned_kinds: &'a [&'a str],
    /// When the last evidence was taken: the "today" of every judgement.
    pub taken_at: Timestamp,
}

/// A piece of evidence with its record.
#[derive(Debug)]
pub struct Piece<'a, T: ?Sized> {
    /// Record id, to be named in the result.
    pub id: &'a str,
    /// The whole record (subject, time).
    pub record: &'a Record,
    /// The evidence.
    pub body: &'a T,
}

// A piece is three references; what they point to need not be copyable.
impl<T: ?Sized> Clone for Piece<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Piece<'_, T> {}

macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident: $variant:ident => $type:ty;)+) => {
        $($(#[$meta])*
        pub fn $name(&self) -> impl Iterator<Item = Piece<'a, $type>> + use<'a> {
            self.evidence.iter().filter_map(|(id, record)| match &record.outcome {
                Outcome::Collected(body) => match body.as_ref() {
                    Body::$variant(body) => Some(Piece { id, record, body }),
                    _ => None,
                },
                Outcome::Failed(_) => None,
            })
        })+
    };
}

impl<'a> Case<'a> {
    kinds! {
        /// DNS evidence.
        dns: Dns => Dns;
        /// TCP connection samples.
        tcp: Tcp => Tcp;
        /// TLS version attempts.
        tls_versions: TlsVersions => TlsVersions;
        /// Full TLS handshakes.
        tls_handshakes: TlsHandshake => TlsHandshake;
        /// HTTP requests with redirects.
        http: Http => Http;
        /// Pages with sub-resources.
        pages: Page => Page;
        /// Leak paths.
        paths: Paths => Paths;
        /// Transaction repetitions.
        transactions: Transaction => Transaction;
        /// Mail servers.
        smtp: Smtp => Smtp;
        /// Port states.
        ports: Ports => Ports;
        /// Clock offsets.
        times: Time => TimeOffset;
        /// Databases.
        postgres: Postgres => Postgres;
        /// Browser measurements.
        browsers: Browser => Browser;
        /// Facts of this machine.
        hosts: Host => Box<Host>;
        /// Folder listings.
        files: Files => Files;
        /// DNSSEC chains.
        dnssec: Dnssec => Dnssec;
        /// TLS in depth.
        tls_profiles: TlsProfile => TlsProfile;
        /// URLs asked in several ways.
        http_variants: HttpVariants => HttpVariants;
        /// MySQL and MariaDB servers.
        mysql: Mysql => Mysql;
        /// Storage under folders.
        storage: Storage => Storage;
        /// Web access logs.
        access_logs: AccessLog => AccessLog;
        /// PostgreSQL server logs.
        pg_logs: PgLog => PgLog;
    }

    /// Records of the given kinds that could not be collected. The kind is the part of the task key
    /// before the first colon.
    pub fn failed(&self, kinds: &[&str]) -> Vec<Piece<'a, Failure>> {
        self.evidence
            .iter()
            .filter_map(|(id, record)| match &record.outcome {
                Outcome::Failed(failure) if kinds.contains(&kind_of(&record.key)) => {
                    Some(Piece { id: id.as_str(), record, body: failure })
                }
                _ => None,
            })
            .collect()
    }

    /// True when the itinerary asks for evidence of one of these kinds.
    pub fn planned(&self, kinds: &[&str]) -> bool {
        self.planned_kinds.iter().any(|k| kinds.contains(k))
    }

    /// True when evidence of one of these kinds is there, collected or failed.
    pub fn has(&self, kinds: &[&str]) -> bool {
        self.evidence.iter().any(|(_, record)| kinds.contains(&kind_of(&record.key)))
    }

    /// True when evidence of one of these kinds was collected.
    pub fn collected(&self, kinds: &[&str]) -> bool {
        self.evidence.iter().any(|(_, record)| {
            matches!(record.outcome, Outcome::Collected(_)) && kinds.contains(&kind_of(&record.key))
        })
    }

    /// The answer to a questionnaire item.
    pub fn answer(&self, question: &str) -> Option<&'a Answer> {
        self.plan.answer(question)
    }
}

fn kind_of(key: &str) -> &str {
    key.split_once(':').map_or(key, |(kind, _)| kind)
}
