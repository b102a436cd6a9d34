//! The description of the interface, OpenAPI 3.1: schemas from the wire structs, paths from the table of endpoints,
//! which a test holds to the routes.

use std::sync::LazyLock;

use axum::Json;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::asked::Asked;
use super::endpoints::{Answer, ENDPOINTS, Endpoint, Kind, LAST, Pages, WORDS, roles};
use super::wire;

/// Why everyone may read it.
pub(super) const OPEN: &str = "the description of the interface holds no data";

#[derive(OpenApi)]
#[openapi(components(schemas(
    wire::Account,
    wire::Token,
    wire::Session,
    wire::Person,
    wire::PersonWithRoles,
    wire::Role,
    wire::Organisation,
    wire::System,
    wire::Fact,
    wire::Key,
    wire::Request,
    wire::Leaf,
    wire::Access,
    wire::EmergencyAccess,
    wire::Retention,
    wire::Job,
    wire::Done,
    wire::Nothing,
    wire::Problem,
    wire::Message
)))]
struct Schemas;

static DOCUMENT: LazyLock<Value> = LazyLock::new(make);

/// `GET /api/v1/openapi.json`
pub(super) async fn show(_: Asked) -> Json<&'static Value> {
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
            "description": "What the pages show, for programs. A token is made on the page of the account. What needs a \
                person who is present is done on its page; here it always answers 403 BW-WEB-003. Changes are safe to \
                send again: what is done already stays as it is.",
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

fn id() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": LAST })
}

fn operation(endpoint: &Endpoint) -> Value {
    let words = endpoint.path.split('/').skip(3).map(|part| part.trim_matches(['{', '}']));
    let name = words.collect::<Vec<_>>().join("-");
    let mut operation = json!({
        "operationId": format!("{}-{name}", endpoint.method),
        "summary": endpoint.summary,
        "parameters": parameters(endpoint),
        "responses": responses(endpoint),
    });
    if let Some(act) = endpoint.act {
        operation["x-act"] = json!(act);
    } else {
        operation["x-open"] = json!(OPEN);
        operation["security"] = json!([]);
    }
    match endpoint.answer {
        Answer::OnPage => {
            operation["x-console-only"] = json!(true);
            operation["description"] = json!("Needs a person who is present: done on its page, never here.");
        }
        Answer::Done => {
            let content = json!({ "application/json": { "schema": reference("Nothing") } });
            operation["requestBody"] = json!({ "required": false, "content": content });
        }
        Answer::List(..) | Answer::One(_) | Answer::Document => {}
    }
    operation
}

fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    let mut all = Vec::new();
    for name in endpoint.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
        let schema = match name {
            "seq" => number(),
            "class" => json!({ "type": "string", "minLength": 1 }),
            _ => id(),
        };
        all.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    let mut put =
        |name: &str, schema: Value| all.push(json!({ "name": name, "in": "query", "schema": schema }));
    for (name, kind) in endpoint.query {
        let schema = match kind {
            Kind::Words => json!({
                "type": "string", "minLength": 1, "maxLength": WORDS, "pattern": "^[^\\u0000-\\u001f\\u007f]*$",
            }),
            Kind::Id => id(),
            Kind::Role => json!({ "type": "string", "enum": roles() }),
            Kind::OneOf(values) => json!({ "type": "string", "enum": values }),
        };
        put(name, schema);
    }
    for name in endpoint.paging() {
        let schema = match (*name, endpoint.pages()) {
            ("rows", _) => json!({ "type": "integer", "minimum": 1, "maximum": bulwark_store::MAX_ROWS }),
            (_, Some(Pages::ByNumber)) => number(),
            _ => id(),
        };
        put(name, schema);
    }
    all
}

fn page_of(row: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items", "total", "more_than_total", "next", "previous"],
        "properties": {
            "items": { "type": "array", "items": reference(row) },
            "total": { "type": ["integer", "null"], "description": "Counted up to 10,000; null where it is not counted." },
            "more_than_total": { "type": "boolean", "description": "There are more than were counted." },
            "next": { "type": ["string", "null"], "description": "Path and query of the next page." },
            "previous": { "type": ["string", "null"], "description": "Path and query of the page before." },
        },
    })
}

fn responses(endpoint: &Endpoint) -> Value {
    let mut all = Map::new();
    let mut problem = |status: &str, description: &str| {
        let content = json!({ "application/problem+json": { "schema": reference("Problem") } });
        all.insert(status.to_owned(), json!({ "description": description, "content": content }));
    };
    problem("429", "Too many requests; come again after `Retry-After` seconds");
    problem("503", "Nothing was changed");
    if endpoint.act.is_some() {
        problem("401", "No valid token");
    }
    if endpoint.answer == Answer::OnPage {
        problem("403", "Done on its page by a person who is present");
        return Value::Object(all);
    }
    problem("406", "The answer is JSON");
    problem("422", "A parameter or the body is wrong");
    if endpoint.act.is_some() {
        problem("403", "The role or the token does not include this");
        problem("404", "No such record");
    }
    if endpoint.answer == Answer::Done {
        problem("409", "Changed in between");
        problem("415", "The body is not JSON");
    }
    let schema = match endpoint.answer {
        Answer::List(row, _) => page_of(row),
        Answer::One(schema) => reference(schema),
        Answer::Done | Answer::OnPage => reference("Done"),
        Answer::Document => json!({ "type": "object" }),
    };
    let content = json!({ "application/json": { "schema": schema } });
    all.insert("200".into(), json!({ "description": "As asked", "content": content }));
    Value::Object(all)
}
