//! Who is in the demo: organisations, people, the roles they hold. All names are made up.

use bulwark_model::rights::Role;
use bulwark_store::{NewOrganisation, NewPerson, Store, StoreError, Token, Tx, Uuid};

/// How long the first links work.
const LINK_MS: i64 = 24 * 3_600_000;
/// How long the auditor's role holds: it is one with an end.
const AUDIT_MS: i64 = 90 * 24 * 3_600_000;

/// An organisation.
pub struct Place {
    pub code: &'static str,
    pub name: &'static str,
    kind: &'static str,
    sector: Option<&'static str>,
    /// Code of the one above.
    above: Option<&'static str>,
}

const fn place(code: &'static str, name: &'static str, kind: &'static str) -> Place {
    Place { code, name, kind, sector: None, above: None }
}

/// All organisations, each after the one above it.
pub const PLACES: [Place; 7] = [
    place("team", "數位韌性服務團（示範）", "team"),
    place("acs", "數位發展部資通安全署（示範）", "agency"),
    place("moi", "內政部（示範）", "agency"),
    Place { above: Some("moi"), ..place("moi-ris", "內政部戶政司（示範）", "agency") },
    place("taipei-doit", "臺北市政府資訊局（示範）", "agency"),
    Place { sector: Some("health"), ..place("hospital", "國立示範醫院", "agency") },
    place("vendor", "示範資訊股份有限公司", "vendor"),
];

/// A person with the role that the account is about.
pub struct Person {
    pub login: &'static str,
    pub name: &'static str,
    pub role: Role,
    /// Code of the organisation.
    pub at: &'static str,
}

const fn person(login: &'static str, name: &'static str, role: Role, at: &'static str) -> Person {
    Person { login, name, role, at }
}

/// Everyone who gets a link.
pub const PEOPLE: [Person; 20] = [
    person("admin", "管理一號", Role::Admin, "team"),
    person("admin2", "管理二號", Role::Admin, "team"),
    person("lead", "團長 沈靜", Role::SvcLead, "team"),
    person("g1", "研發 周平", Role::SvcG1, "team"),
    person("g2", "巡航 許航", Role::SvcG2, "team"),
    person("g3", "應變 鄭急", Role::SvcG3, "team"),
    person("navigator", "領航員 杜明", Role::Navigator, "team"),
    person("red", "紅隊 洪演", Role::RedTeam, "team"),
    person("expert", "專家 江博", Role::Expert, "team"),
    person("competent", "主管機關 溫主", Role::Competent, "acs"),
    person("supervisor", "內政部 上級 謝督", Role::Supervisor, "moi"),
    person("ris-ciso", "戶政司資安長 林安", Role::AgencyCiso, "moi-ris"),
    person("ris", "戶政司通報人 王報", Role::Reporter, "moi-ris"),
    person("director", "戶政司首長 高長", Role::Director, "moi-ris"),
    person("auditor", "稽核 查實", Role::Auditor, "moi-ris"),
    person("taipei-ciso", "資訊局資安長 陳安", Role::AgencyCiso, "taipei-doit"),
    person("taipei", "資訊局通報人 張報", Role::Reporter, "taipei-doit"),
    person("hospital-ciso", "示範醫院資安長 李安", Role::AgencyCiso, "hospital"),
    person("hospital", "示範醫院通報人 吳報", Role::Reporter, "hospital"),
    person("vendor", "維運廠商 方修", Role::Vendor, "vendor"),
];

/// Somebody who has left: the account is disabled and gets no link.
pub const FORMER: Person = person("former", "示範醫院離職人員 趙去", Role::Reporter, "hospital");

/// A log-in to hand over.
pub struct Ticket {
    pub person: &'static Person,
    pub token: Token,
}

/// The name of an organisation of the demo.
pub fn place_name(code: &str) -> &'static str {
    PLACES.iter().find(|place| place.code == code).map_or("", |place| place.name)
}

/// Enters organisations, people, roles and links.
pub async fn enter(tx: &mut Tx, store: &Store) -> Result<Vec<Ticket>, StoreError> {
    let mut places: Vec<(&str, Uuid)> = Vec::new();
    for place in &PLACES {
        let new = NewOrganisation {
            code: place.code.into(),
            name: place.name.into(),
            kind: place.kind.into(),
            sector: place.sector.map(str::to_owned),
            parent: place.above.map(|above| id_of(&places, above)).transpose()?,
            from: jiff::civil::date(2026, 1, 1),
        };
        places.push((place.code, tx.add_organisation(new).await?.id));
    }
    let mut tickets = Vec::new();
    for person in &PEOPLE {
        let id = open_account(tx, store, person, id_of(&places, person.at)?).await?;
        let ends = tx.now().plus_ms(LINK_MS);
        tickets.push(Ticket { person, token: tx.make_link(id, "invite", ends).await?.1 });
    }
    open_account(tx, store, &FORMER, id_of(&places, FORMER.at)?).await?;
    Ok(tickets)
}

async fn open_account(tx: &mut Tx, store: &Store, person: &Person, at: Uuid) -> Result<Uuid, StoreError> {
    let new = NewPerson {
        login: person.login.into(),
        name: person.name.into(),
        organisation: at,
        email: Some(format!("{}@example.gov.tw", person.login)),
    };
    let id = tx.add_person(store, new).await?.id;
    let until = (person.role == Role::Auditor).then(|| tx.now().plus_ms(AUDIT_MS));
    tx.grant(id, person.role.code(), at, None, until).await?;
    Ok(id)
}

fn id_of(places: &[(&str, Uuid)], code: &str) -> Result<Uuid, StoreError> {
    let found = places.iter().find(|place| place.0 == code).map(|place| place.1);
    found.ok_or_else(|| StoreError::NotFound { kind: "organisation", id: code.to_owned() })
}
