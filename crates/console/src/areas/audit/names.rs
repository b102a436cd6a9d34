//! Who and what the rows of a log speak of, in words, with links to the pages that the reader may open.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_i18n::args;
use bulwark_model::rights::{Resource, Role, Scope};
use bulwark_model::{Lang, RetentionClass};
use bulwark_store::Uuid;
use bulwark_store::entity::person::person;
use serde_json::{Value, json};

use crate::app::App;
use crate::areas::requests::decidable;
use crate::fault::Fault;
use crate::page::{fill, say};
use crate::texts::texts;
use crate::who::Who;

/// What is to be looked up for a page of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    people: BTreeSet<Uuid>,
    places: BTreeSet<Uuid>,
    owners: BTreeSet<Uuid>,
}

impl Seen {
    /// A person, when the row names one.
    pub(crate) fn person(&mut self, id: Option<Uuid>) -> &mut Self {
        self.people.extend(id);
        self
    }

    /// An organisation, when the row names one.
    pub(crate) fn place(&mut self, id: Option<Uuid>) -> &mut Self {
        self.places.extend(id);
        self
    }

    /// The organisation whose matter the row is: what the row is about may belong to it.
    pub(crate) fn owner(&mut self, id: Option<Uuid>) -> &mut Self {
        self.owners.extend(id);
        self.place(id)
    }

    /// What the row is about, `kind/id`.
    pub(crate) fn object(&mut self, object: &str) -> &mut Self {
        match kind_and_id(object) {
            ("person", id) => self.person(id.parse().ok()),
            ("organisation", id) => self.place(id.parse().ok()),
            _ => self,
        }
    }
}

/// `person/ID/…` is about the person; what follows the id tells more.
fn kind_and_id(object: &str) -> (&str, &str) {
    let mut parts = object.split('/');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// Names and links for one reader.
pub(crate) struct Names<'a> {
    who: &'a Who,
    people: BTreeMap<Uuid, person::Model>,
    places: BTreeMap<Uuid, String>,
    owners: BTreeMap<Uuid, Resource>,
    people_scope: Scope,
    keys_scope: Scope,
    glass_scope: Scope,
    requests: Vec<(String, Scope)>,
}

impl<'a> Names<'a> {
    /// Looks up what was seen.
    pub(crate) async fn of(app: &App, who: &'a Who, seen: Seen) -> Result<Self, Fault> {
        let ids: Vec<Uuid> = seen.people.into_iter().collect();
        let found = if ids.is_empty() { Vec::new() } else { app.store.people_named(&ids).await? };
        let people: BTreeMap<Uuid, person::Model> = found.into_iter().map(|row| (row.id, row)).collect();
        let ids: Vec<Uuid> = seen.places.into_iter().collect();
        let found = if ids.is_empty() { Vec::new() } else { app.store.organisations_named(&ids).await? };
        let places: BTreeMap<Uuid, String> = found.into_iter().map(|row| (row.id, row.name)).collect();
        let mut names = Self {
            who,
            people,
            places,
            owners: BTreeMap::new(),
            people_scope: who.scope("people.read"),
            keys_scope: who.scope("key.read"),
            glass_scope: who.scope("break_glass.read"),
            requests: decidable(who),
        };
        // Whoever sees all or nothing needs no place in the tree for that.
        let by_place = |scope: &Scope| matches!(scope, Scope::Any { .. });
        let any = [&names.people_scope, &names.keys_scope, &names.glass_scope].into_iter().any(by_place);
        if any || names.requests.iter().any(|(_, scope)| by_place(scope)) {
            let homes = names.people.values().map(|row| row.organisation_id);
            for id in homes.chain(seen.owners).collect::<BTreeSet<_>>() {
                if let Ok(resource) = app.store.resource_of(id).await {
                    names.owners.insert(id, resource);
                }
            }
        }
        Ok(names)
    }

    fn lang(&self) -> Lang {
        self.who.lang()
    }

    fn within(&self, scope: &Scope, owner: Option<Uuid>) -> bool {
        match scope {
            Scope::Nothing => false,
            Scope::Everything { .. } => true,
            Scope::Any { .. } => {
                owner.and_then(|id| self.owners.get(&id)).is_some_and(|found| scope.admits(found))
            }
        }
    }

    /// The name of a person; `None` stands for the platform itself.
    pub(crate) fn person(&self, id: Option<Uuid>) -> String {
        let text = |key: &str| say(self.lang(), &format!("audit.{key}"));
        match id.map(|id| self.people.get(&id)) {
            None => text("nobody"),
            Some(None) => text("unknown_person"),
            Some(Some(row)) if row.name.is_empty() => text("erased"),
            Some(Some(row)) => row.name.clone(),
        }
    }

    /// The log-in name of a person, by which the lists filter.
    pub(crate) fn login(&self, id: Option<Uuid>) -> Option<&str> {
        self.people.get(&id?).map(|row| row.login.as_str())
    }

    /// The name of an organisation.
    pub(crate) fn place(&self, id: Option<Uuid>) -> &str {
        id.and_then(|id| self.places.get(&id)).map_or("", String::as_str)
    }

    /// A role and where it was held.
    pub(crate) fn role_at(&self, role: &str, place: Option<Uuid>) -> String {
        let role = role.parse::<Role>().map_or_else(|_| role.to_owned(), |role| self.who.say(&role.label()));
        let place = self.place(place);
        if place.is_empty() { role } else { format!("{role} · {place}") }
    }

    /// A person as a cell or a value, linked when the reader may see the account.
    pub(crate) fn person_cell(&self, id: Option<Uuid>) -> Value {
        let found = id.and_then(|id| self.people.get(&id));
        let readable = found.is_some_and(|row| self.within(&self.people_scope, Some(row.organisation_id)));
        cell(&self.person(id), id.filter(|_| readable).map(|id| format!("/people/{id}")))
    }

    /// What a row is about, linked when it has a page that the reader may open.
    pub(crate) fn object_cell(&self, object: &str, owner: Option<Uuid>) -> Value {
        cell(&self.object(object), self.page_of(object, owner))
    }

    fn object(&self, object: &str) -> String {
        let lang = self.lang();
        let (kind, id) = kind_and_id(object);
        let Some(label) = texts().get(&format!("audit.kind.{kind}")) else { return object.to_owned() };
        let label = label.get(lang);
        match (kind, id.parse::<Uuid>().ok()) {
            _ if id.is_empty() => label.to_owned(),
            ("person", Some(id)) => format!("{label} {}", self.person(Some(id))),
            ("organisation", Some(id)) if self.places.contains_key(&id) => {
                format!("{label} {}", self.place(Some(id)))
            }
            ("retention", _) => {
                let class = id
                    .parse::<RetentionClass>()
                    .map_or_else(|_| id.to_owned(), |class| self.who.say(&class.label()));
                fill(lang, "audit.retention_object", &args![class = class])
            }
            // Ids ascend with time: it is their end that differs.
            (_, Some(_)) => format!("{label} {}", &id[id.len() - 8..]),
            _ => format!("{label} {id}"),
        }
    }

    fn page_of(&self, object: &str, owner: Option<Uuid>) -> Option<String> {
        let (kind, id) = kind_and_id(object);
        if kind == "audit_text" || kind == "audit_leaf" {
            return self.who.may("audit.read").then(|| format!("/audit/{id}"));
        }
        let id: Uuid = id.parse().ok()?;
        match kind {
            "person" => {
                let home = self.people.get(&id)?.organisation_id;
                self.within(&self.people_scope, Some(home)).then(|| format!("/people/{id}"))
            }
            "organisation" => self.who.may("organisation.read").then(|| format!("/organisations/{id}")),
            "signing_key" => self.within(&self.keys_scope, owner).then(|| format!("/keys/{id}")),
            "break_glass" => self.within(&self.glass_scope, owner).then(|| format!("/emergency-access/{id}")),
            "pending_act" => {
                let decides = self.requests.iter().any(|(_, scope)| self.within(scope, owner));
                decides.then(|| format!("/requests/{id}"))
            }
            _ => None,
        }
    }
}

fn cell(text: &str, href: Option<String>) -> Value {
    match href {
        Some(href) => json!({ "text": text, "href": href }),
        None => json!({ "text": text }),
    }
}

/// The person that a filter names by log-in name or id; one that names nobody finds nothing.
pub(crate) async fn person_named(app: &App, named: Option<&str>) -> Result<Option<Uuid>, Fault> {
    let Some(named) = named else { return Ok(None) };
    if let Ok(id) = named.parse() {
        return Ok(Some(id));
    }
    Ok(Some(app.store.person_by_login(&named.to_lowercase()).await?.map_or(Uuid::nil(), |row| row.id)))
}

/// The organisation that a filter names by code or id; one that names none finds nothing.
pub(crate) async fn place_named(app: &App, named: Option<&str>) -> Result<Option<Uuid>, Fault> {
    let Some(named) = named else { return Ok(None) };
    if let Ok(id) = named.parse() {
        return Ok(Some(id));
    }
    Ok(Some(app.store.organisation_by_code(named).await?.map_or(Uuid::nil(), |row| row.id)))
}
