//! The description of the interface, OpenAPI 3.1: schemas from the wire structs, paths from one table, which a test
//! holds to the routes.

use std::sync::LazyLock;

use axum::Json;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::wire;

/// One way to use the interface.
pub(crate) struct Endpoint {
    pub method: &'static str,
    pub path: &'static str,
    /// Code of the act.
    pub act: &'static str,
    pub summary: &'static str,
    /// Parameters of the query beside those of paging.
    pub query: &'static [&'static str],
    /// Schema of the answer, or of a row of it.
    schema: &'static str,
    list: bool,
}

const fn list(
    path: &'static str,
    act: &'static str,
    schema: &'static str,
    query: &'static [&'static str],
    summary: &'static str,
) -> Endpoint {
    Endpoint { method: "get", path, act, summary, query, schema, list: true }
}

const fn one(path: &'static str, act: &'static str, schema: &'static str, summary: &'static str) -> Endpoint {
    Endpoint { method: "get", path, act, summary, query: &[], schema, list: false }
}

const fn change(path: &'static str, act: &'static str, summary: &'static str) -> Endpoint {
    Endpoint { method: "post", path, act, summary, query: &[], schema: "Done", list: false }
}

/// Every way, in the order of the document.
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    one("/api/v1/account", "account.self", "Account", "Who the token acts for"),
    list("/api/v1/people", "people.read", "Person", &["q", "organisation", "state", "role"], "Accounts"),
    one("/api/v1/people/{id}", "people.read", "PersonWithRoles", "An account with its roles"),
    list("/api/v1/organisations", "organisation.read", "Organisation", &["q", "kind"], "Organisations"),
    one("/api/v1/organisations/{id}", "organisation.read", "Organisation", "An organisation"),
    list("/api/v1/keys", "key.read", "Key", &["person", "state"], "Keys of those who sign"),
    one("/api/v1/keys/{id}", "key.read", "Key", "A key"),
    list("/api/v1/requests", "home.read", "Request", &["state"], "What the person asked for and a second person decides on"),
    one("/api/v1/requests/{id}", "home.read", "Request", "A request of one's own"),
    change("/api/v1/requests/{id}/withdraw", "home.read", "Take one's own request back"),
    list("/api/v1/audit", "audit.read", "Leaf", &["person", "object", "organisation", "action"], "The audit log"),
    one("/api/v1/audit/{seq}", "audit.read", "Leaf", "An entry of the audit log"),
    list("/api/v1/access-log", "access_log.read", "Access", &["person"], "Who read protected data"),
    list("/api/v1/emergency-access", "break_glass.read", "EmergencyAccess", &["state"], "Emergency accesses"),
    one("/api/v1/emergency-access/{id}", "break_glass.read", "EmergencyAccess", "An emergency access"),
    list("/api/v1/retention", "retention.read", "Retention", &[], "How long data is kept"),
    list("/api/v1/jobs", "job.read", "Job", &["state"], "Background jobs"),
    one("/api/v1/jobs/{id}", "job.read", "Job", "A background job"),
    change("/api/v1/jobs/{id}/retry", "job.retry", "Try a job again that was given up"),
    change("/api/v1/account/tokens/{id}/revoke", "token.revoke", "End a token of one's own"),
];

#[derive(OpenApi)]
#[openapi(components(schemas(
    wire::Account,
    wire::Person,
    wire::PersonWithRoles,
    wire::Role,
    wire::Organisation,
    wire::Key,
    wire::Request,
    wire::Leaf,
    wire::Access,
    wire::EmergencyAccess,
    wire::Retention,
    wire::Job,
    wire::Done,
    wire::Problem
)))]
struct Schemas;

static DOCUMENT: LazyLock<Value> = LazyLock::new(make);

/// `GET /api/v1/openapi.json`
pub(super) async fn show() -> Json<&'static Value> {
    Json(&*DOCUMENT)
}

fn make() -> Value {
    // Our own structs: there is nothing JSON cannot hold.
    let schemas = serde_json::to_value(Schemas::openapi()).unwrap_or_default();
    let mut paths = Map::new();
    for endpoint in ENDPOINTS {
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        path[endpoint.method] = operation(endpoint);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bulwark",
            "version": "1",
            "description": "What the pages show, for programs. A token is made on the page of the account; what needs \
                a person who is present is done there, too, and answers 403 here.",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas["components"]["schemas"],
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn operation(endpoint: &Endpoint) -> Value {
    let id: String = endpoint.path.split('/').skip(3).map(|part| part.trim_matches(['{', '}'])).collect::<Vec<_>>().join("-");
    let in_path = |name: &str, schema: Value| json!({ "name": name, "in": "path", "required": true, "schema": schema });
    let mut parameters = Vec::new();
    if endpoint.path.contains("{id}") {
        parameters.push(in_path("id", json!({ "type": "string", "format": "uuid" })));
    }
    if endpoint.path.contains("{seq}") {
        parameters.push(in_path("seq", json!({ "type": "integer", "minimum": 0 })));
    }
    let in_query = |name: &str, schema: Value| json!({ "name": name, "in": "query", "schema": schema });
    let ids = ["organisation", "person"];
    for name in endpoint.query {
        let schema = if ids.contains(name) { json!({ "type": "string", "format": "uuid" }) } else { json!({ "type": "string", "maxLength": 200 }) };
        parameters.push(in_query(name, schema));
    }
    let counted = endpoint.path != "/api/v1/audit" && endpoint.path != "/api/v1/retention";
    if endpoint.list && endpoint.path != "/api/v1/retention" {
        let key = if counted { json!({ "type": "string", "format": "uuid" }) } else { json!({ "type": "integer" }) };
        parameters.push(in_query("after", key.clone()));
        if counted {
            parameters.push(in_query("before", key));
        }
        parameters.push(in_query("rows", json!({ "type": "integer", "minimum": 1, "maximum": 200 })));
    }
    let answer = if endpoint.list {
        json!({
            "type": "object",
            "required": ["items", "total", "more_than_total", "next", "previous"],
            "properties": {
                "items": { "type": "array", "items": reference(endpoint.schema) },
                "total": { "type": ["integer", "null"] },
                "more_than_total": { "type": "boolean" },
                "next": { "type": ["string", "null"] },
                "previous": { "type": ["string", "null"] },
            },
        })
    } else {
        reference(endpoint.schema)
    };
    let problem = |description: &str| {
        json!({
            "description": description,
            "content": { "application/problem+json": { "schema": reference("Problem") } },
        })
    };
    json!({
        "operationId": format!("{}-{id}", endpoint.method),
        "summary": endpoint.summary,
        "x-act": endpoint.act,
        "parameters": parameters,
        "responses": {
            "200": { "description": "As asked", "content": { "application/json": { "schema": answer } } },
            "401": problem("No valid token"),
            "403": problem("The role or the token does not include this"),
            "404": problem("No such record"),
            "409": problem("Changed in between"),
            "422": problem("The request is wrong"),
            "429": problem("Too many requests"),
            "503": problem("Nothing was changed"),
        },
    })
}
