//! Every way to use the interface, in one table: the description is written from it, and requests are held to it.

use bulwark_model::rights::{Action, Role};

/// Characters of a value at most.
pub(super) const WORDS: usize = 200;
/// The largest number of an entry of the audit log that can be asked for: what JavaScript holds exactly.
pub(super) const LAST: i64 = (1 << 53) - 1;

/// What a parameter of a query may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Words, without control characters.
    Words,
    /// The id of a record.
    Id,
    /// The code of a role.
    Role,
    /// One of these.
    OneOf(&'static [&'static str]),
}

/// By what the pages of a list follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pages {
    /// By id, both ways.
    ById,
    /// By number, onward.
    ByNumber,
    /// It has one page.
    One,
}

/// What an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// A page of rows of this schema.
    List(&'static str, Pages),
    /// One of this schema.
    One(&'static str),
    /// What a change did.
    Done,
    /// Never more than that its person must be present, and does it on a page.
    OnPage,
    /// The description.
    Document,
}

/// One way to use the interface.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    /// In lower case, as the document has it.
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Code of the act; `None` for what everyone may read.
    pub(super) act: Option<&'static str>,
    pub(super) summary: &'static str,
    /// Parameters of the query beside those of paging.
    pub(super) query: &'static [(&'static str, Kind)],
    pub(super) answer: Answer,
}

impl Endpoint {
    /// By what its pages follow each other, if it is a list.
    pub(super) fn pages(&self) -> Option<Pages> {
        if let Answer::List(_, pages) = self.answer { Some(pages) } else { None }
    }

    /// The parameters of paging it takes.
    pub(super) fn paging(&self) -> &'static [&'static str] {
        match self.pages() {
            Some(Pages::ById) => &["after", "before", "rows"],
            Some(Pages::ByNumber) => &["after", "rows"],
            Some(Pages::One) | None => &[],
        }
    }
}

/// The way of a request.
pub(super) fn find(method: &str, path: &str) -> Option<&'static Endpoint> {
    // What is asked about without its body is the same way.
    let method = if method == "HEAD" { "GET" } else { method };
    ENDPOINTS.iter().find(|endpoint| endpoint.path == path && endpoint.method.eq_ignore_ascii_case(method))
}

/// Acts a program can be given: those the interface does.
pub(crate) fn has(action: Action) -> bool {
    let does = |endpoint: &&Endpoint| endpoint.act == Some(action.code());
    ENDPOINTS.iter().filter(does).any(|endpoint| endpoint.answer != Answer::OnPage)
}

/// Codes of the roles.
pub(super) fn roles() -> Vec<&'static str> {
    Role::ALL.iter().map(|role| role.code()).collect()
}

const fn list(
    path: &'static str,
    act: &'static str,
    row: &'static str,
    query: &'static [(&'static str, Kind)],
    summary: &'static str,
) -> Endpoint {
    let answer = Answer::List(row, Pages::ById);
    Endpoint { method: "get", path, act: Some(act), summary, query, answer }
}

const fn whole(path: &'static str, act: &'static str, row: &'static str, summary: &'static str) -> Endpoint {
    let answer = Answer::List(row, Pages::One);
    Endpoint { method: "get", path, act: Some(act), summary, query: &[], answer }
}

const fn one(path: &'static str, act: &'static str, schema: &'static str, summary: &'static str) -> Endpoint {
    Endpoint { method: "get", path, act: Some(act), summary, query: &[], answer: Answer::One(schema) }
}

const fn change(path: &'static str, act: &'static str, summary: &'static str) -> Endpoint {
    Endpoint { method: "post", path, act: Some(act), summary, query: &[], answer: Answer::Done }
}

const fn on_page(path: &'static str, act: &'static str, summary: &'static str) -> Endpoint {
    Endpoint { method: "post", path, act: Some(act), summary, query: &[], answer: Answer::OnPage }
}

/// Every way, in the order of the document.
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: "get",
        path: "/api/v1/openapi.json",
        act: None,
        summary: "This description",
        query: &[],
        answer: Answer::Document,
    },
    one("/api/v1/account", "account.self", "Account", "Who the token acts for"),
    whole("/api/v1/account/tokens", "account.self", "Token", "Tokens of one's own"),
    on_page("/api/v1/account/tokens", "token.create", "Make a token"),
    change("/api/v1/account/tokens/{id}/revoke", "token.revoke", "End a token of one's own"),
    list(
        "/api/v1/people",
        "people.read",
        "Person",
        &[
            ("q", Kind::Words),
            ("organisation", Kind::Id),
            ("state", Kind::OneOf(&["active", "disabled"])),
            ("role", Kind::Role),
        ],
        "Accounts",
    ),
    on_page("/api/v1/people", "people.invite", "Invite a person"),
    one("/api/v1/people/{id}", "people.read", "PersonWithRoles", "An account with its roles"),
    on_page("/api/v1/people/{id}/disable", "people.disable", "Disable an account"),
    on_page("/api/v1/people/{id}/enable", "people.disable", "Enable an account"),
    on_page("/api/v1/people/{id}/erase", "people.erase", "Erase personal data"),
    on_page("/api/v1/people/{id}/grant", "role.grant", "Grant a role"),
    on_page("/api/v1/people/{id}/link", "people.invite", "Make a new one-time link"),
    on_page("/api/v1/people/{id}/recover", "people.recover", "Help a person to log in again"),
    on_page("/api/v1/people/{id}/roles/{grant}/end", "role.revoke", "Take a role back"),
    whole("/api/v1/people/{id}/sessions", "session.revoke", "Session", "Where a person is logged in"),
    change("/api/v1/people/{id}/sessions/{session}/revoke", "session.revoke", "Log a person out there"),
    list(
        "/api/v1/organisations",
        "organisation.read",
        "Organisation",
        &[("q", Kind::Words), ("kind", Kind::OneOf(&["agency", "vendor", "team"]))],
        "Organisations",
    ),
    on_page("/api/v1/organisations", "organisation.edit", "Enter an organisation"),
    one("/api/v1/organisations/{id}", "organisation.read", "Organisation", "An organisation"),
    on_page("/api/v1/organisations/{id}/change", "organisation.edit", "Change an organisation"),
    on_page("/api/v1/organisations/{id}/move", "organisation.edit", "Move an organisation in the tree"),
    list(
        "/api/v1/systems",
        "inventory.read",
        "System",
        &[
            ("q", Kind::Words),
            ("organisation", Kind::Id),
            ("class", Kind::OneOf(&["critical", "operational"])),
            ("level", Kind::OneOf(&["basic", "medium", "high"])),
            ("state", Kind::OneOf(&["incomplete", "stale", "retired"])),
        ],
        "Systems in use, or retired",
    ),
    on_page("/api/v1/systems", "inventory.edit", "Enter a system"),
    one("/api/v1/systems/{id}", "inventory.read", "System", "A system"),
    on_page("/api/v1/systems/{id}/change", "inventory.edit", "Change a system"),
    list(
        "/api/v1/keys",
        "key.read",
        "Key",
        &[("person", Kind::Id), ("state", Kind::OneOf(&["valid", "revoked"]))],
        "Keys of those who sign",
    ),
    on_page("/api/v1/keys", "key.enrol", "Enrol a key"),
    one("/api/v1/keys/{id}", "key.read", "Key", "A key"),
    on_page("/api/v1/keys/{id}/revoke", "key.revoke", "Revoke a key"),
    list(
        "/api/v1/requests",
        "home.read",
        "Request",
        &[("state", Kind::OneOf(&["waiting", "all"]))],
        "What the person asked for and a second person decides on",
    ),
    one("/api/v1/requests/{id}", "home.read", "Request", "A request of one's own"),
    on_page("/api/v1/requests/{id}/confirm", "home.read", "Confirm a request as the second person"),
    on_page("/api/v1/requests/{id}/refuse", "home.read", "Refuse a request as the second person"),
    // Not `home.read` as on the page: a token that was given for reading must change nothing.
    change("/api/v1/requests/{id}/withdraw", "account.self", "Take one's own request back"),
    Endpoint {
        method: "get",
        path: "/api/v1/audit",
        act: Some("audit.read"),
        summary: "The audit log",
        query: &[
            ("person", Kind::Id),
            ("object", Kind::Words),
            ("organisation", Kind::Id),
            ("action", Kind::Words),
        ],
        answer: Answer::List("Leaf", Pages::ByNumber),
    },
    one("/api/v1/audit/{seq}", "audit.read", "Leaf", "An entry of the audit log"),
    list(
        "/api/v1/access-log",
        "access_log.read",
        "Access",
        &[("person", Kind::Id)],
        "Who read protected data",
    ),
    list(
        "/api/v1/emergency-access",
        "break_glass.read",
        "EmergencyAccess",
        &[("state", Kind::OneOf(&["open", "all"]))],
        "Emergency accesses",
    ),
    on_page("/api/v1/emergency-access", "break_glass.request", "Ask for emergency access"),
    one("/api/v1/emergency-access/{id}", "break_glass.read", "EmergencyAccess", "An emergency access"),
    whole("/api/v1/retention", "retention.read", "Retention", "How long data is kept"),
    on_page("/api/v1/retention/{class}", "retention.edit", "Change how long data is kept"),
    list(
        "/api/v1/jobs",
        "job.read",
        "Job",
        &[("state", Kind::OneOf(&["ready", "running", "done", "dead"]))],
        "Background jobs",
    ),
    one("/api/v1/jobs/{id}", "job.read", "Job", "A background job"),
    change("/api/v1/jobs/{id}/retry", "job.retry", "Try a job again that was given up"),
];
