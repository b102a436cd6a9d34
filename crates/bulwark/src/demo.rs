//! `bulwark demo`: a store with three agencies, one vendor and the service team's people, so that every page has
//! something to show. All names are made up.

use bulwark_i18n::args;
use bulwark_model::rights::Role;
use bulwark_model::{Diagnostic, Exit, Lang};
use bulwark_store::{Actor, NewOrganisation, NewPendingAct, NewPerson, Store, StoreError, Token, Tx, Uuid};
use serde_json::json;

use crate::config::Which;
use crate::installation::{Installation, block_on, ended};
use crate::print::{line, say, table};
use crate::texts::texts;

/// How long the links work.
const LINK_MS: i64 = 24 * 3_600_000;

/// Code, name, kind, sector, code of the one above.
type Place = (&'static str, &'static str, &'static str, Option<&'static str>, Option<&'static str>);

const ORGANISATIONS: [Place; 7] = [
    ("team", "數位韌性服務團（示範）", "team", None, None),
    ("acs", "數位發展部資通安全署（示範）", "agency", None, None),
    ("moi", "內政部（示範）", "agency", None, None),
    ("moi-ris", "內政部戶政司（示範）", "agency", None, Some("moi")),
    ("taipei-doit", "臺北市政府資訊局（示範）", "agency", None, None),
    ("hospital", "國立示範醫院", "agency", Some("health"), None),
    ("vendor", "示範資訊股份有限公司", "vendor", None, None),
];

/// Log-in name, name, role, code of the organisation.
const PEOPLE: [(&str, &str, Role, &str); 19] = [
    ("admin", "管理一號", Role::Admin, "team"),
    ("admin2", "管理二號", Role::Admin, "team"),
    ("lead", "團長 沈靜", Role::SvcLead, "team"),
    ("g1", "研發 周平", Role::SvcG1, "team"),
    ("g2", "巡航 許航", Role::SvcG2, "team"),
    ("g3", "應變 鄭急", Role::SvcG3, "team"),
    ("navigator", "領航員 杜明", Role::Navigator, "team"),
    ("red", "紅隊 洪演", Role::RedTeam, "team"),
    ("expert", "專家 江博", Role::Expert, "team"),
    ("competent", "主管機關 溫主", Role::Competent, "acs"),
    ("supervisor", "內政部 上級 謝督", Role::Supervisor, "moi"),
    ("ris-ciso", "戶政司資安長 林安", Role::AgencyCiso, "moi-ris"),
    ("ris", "戶政司通報人 王報", Role::Reporter, "moi-ris"),
    ("taipei-ciso", "資訊局資安長 陳安", Role::AgencyCiso, "taipei-doit"),
    ("taipei", "資訊局通報人 張報", Role::Reporter, "taipei-doit"),
    ("hospital-ciso", "示範醫院資安長 李安", Role::AgencyCiso, "hospital"),
    ("director", "戶政司首長 高長", Role::Director, "moi-ris"),
    ("auditor", "稽核 查實", Role::Auditor, "moi-ris"),
    ("vendor", "維運廠商 方修", Role::Vendor, "vendor"),
];

/// A log-in to hand over.
struct Ticket {
    login: String,
    token: Token,
}

/// Seeds the store named by configuration and arguments, once.
///
/// # Errors
/// Wrong usage.
pub fn main(which: &Which, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let installation = Installation::load(which)?;
    let origin = installation.origin(installation.settings.server.listen.port());
    let done = block_on(async {
        let store = installation.open().await?;
        let seeded = seed(&store).await;
        store.close().await;
        seeded.map_err(|error| installation.failed(&error))
    });
    let done = done.map(|tickets| {
        match tickets {
            Some(tickets) => show(&tickets, &origin, lang),
            None => line(texts().text("demo.there", &args![store = installation.place()]).get(lang)),
        }
        Exit::Ok
    });
    ended(done, lang)
}

fn show(tickets: &[Ticket], origin: &str, lang: Lang) {
    line(texts().text("demo.made", &[]).get(lang));
    let mut rows = vec![
        [say(lang, "登入名稱", "log-in"), say(lang, "姓名", "name"), say(lang, "角色", "role"), say(lang, "連結", "link")]
            .map(str::to_owned)
            .to_vec(),
    ];
    for ticket in tickets {
        let (_, name, role, _) = PEOPLE.iter().find(|person| person.0 == ticket.login).unwrap_or(&PEOPLE[0]);
        let link = format!("{origin}/link/{}", ticket.token.reveal());
        rows.push(vec![ticket.login.clone(), (*name).to_owned(), role.label().get(lang).to_owned(), link]);
    }
    table(&rows);
}

/// Enters everything in one transaction; `None` when it is there already.
async fn seed(store: &Store) -> Result<Option<Vec<Ticket>>, StoreError> {
    if store.organisation_by_code("team").await?.is_some() {
        return Ok(None);
    }
    let actor = Actor { reason: Some("示範資料".into()), ..Actor::system("demo") };
    let inner = store.clone();
    let written = store.write(&actor, move |tx| Box::pin(async move { enter(tx, &inner).await }));
    let (tickets, ids) = written.await?;
    history(store, &ids).await?;
    Ok(Some(tickets))
}

/// People of the demo by log-in name, each with the home organisation.
type Ids = Vec<(String, Uuid, Uuid)>;

async fn enter(tx: &mut Tx, store: &Store) -> Result<(Vec<Ticket>, Ids), StoreError> {
    let first_day = jiff::civil::date(2026, 1, 1);
    let mut places: Vec<(&str, Uuid)> = Vec::new();
    let find = |places: &[(&str, Uuid)], code: &str| {
        let found = places.iter().find(|place| place.0 == code).map(|place| place.1);
        found.ok_or_else(|| StoreError::NotFound { kind: "organisation", id: code.to_owned() })
    };
    for (code, name, kind, sector, above) in ORGANISATIONS {
        let parent = above.map(|above| find(&places, above)).transpose()?;
        let new = NewOrganisation {
            code: code.into(),
            name: name.into(),
            kind: kind.into(),
            sector: sector.map(str::to_owned),
            parent,
            from: first_day,
        };
        places.push((code, tx.add_organisation(new).await?.id));
    }
    let (mut tickets, mut ids) = (Vec::new(), Vec::new());
    for (login, name, role, at) in PEOPLE {
        let organisation = find(&places, at)?;
        let new = NewPerson {
            login: login.into(),
            name: name.into(),
            organisation,
            email: Some(format!("{login}@example.gov.tw")),
        };
        let id = tx.add_person(store, new).await?.id;
        // An auditor's role is one with an end.
        let until = (role == Role::Auditor).then(|| tx.now().plus_ms(90 * 24 * 3_600_000));
        tx.grant(id, role.code(), organisation, None, until).await?;
        let ends = tx.now().plus_ms(LINK_MS);
        let (_, token) = tx.make_link(id, "invite", ends).await?;
        tickets.push(Ticket { login: login.into(), token });
        ids.push((login.to_owned(), id, organisation));
    }
    Ok((tickets, ids))
}

/// What people did before: two requests that wait, an emergency access that is over, readings, a key.
async fn history(store: &Store, ids: &Ids) -> Result<(), StoreError> {
    let of = |login: &str| ids.iter().find(|person| person.0 == login).map_or((Uuid::nil(), Uuid::nil()), |p| (p.1, p.2));
    let ((admin, team), (g2, _), (g3, _), (lead, _)) = (of("admin"), of("g2"), of("g3"), of("lead"));
    let (ris, agency) = of("ris");
    let acting = |person: Uuid, role: Role, organisation: Uuid| Actor {
        person: Some(person),
        organisation: Some(organisation),
        role: role.code().into(),
        ..Actor::system("demo")
    };
    let asking = acting(admin, Role::Admin, team);
    let asked = store.write(&asking, move |tx| {
        Box::pin(async move {
            let payload = json!({
                "act": "grant_role", "person": ris, "role": Role::AgencyCiso.code(), "organisation": agency,
                "sector": null, "until": null,
            });
            let object = format!("person/{ris}/{}/{agency}", Role::AgencyCiso.code());
            let reason = "資安長出國期間代理".to_owned();
            tx.ask(NewPendingAct { action: "role.grant".into(), object, owner: agency, payload, reason }).await?;
            let payload = json!({ "act": "retention", "class": "session", "days": 180 });
            let object = "retention/session".to_owned();
            let reason = "配合稽核需要".to_owned();
            tx.ask(NewPendingAct { action: "retention.edit".into(), object, owner: team, payload, reason }).await
        })
    });
    asked.await?;
    let confirming = acting(lead, Role::SvcLead, team);
    let opened = store.write(&confirming, move |tx| {
        Box::pin(async move {
            let until = tx.now().plus_ms(1);
            let reason = "戶役政網站異常，確認資產清冊與聯絡窗口（示範）";
            tx.open_break_glass(agency, g3, lead, reason, until).await
        })
    });
    let glass = opened.await?;
    let reading = acting(g3, Role::SvcG3, team);
    for object in [format!("break_glass/{}", glass.id), format!("organisation/{agency}")] {
        store.log_access(&reading, agency, &object).await?;
    }
    let own = acting(g2, Role::SvcG2, team);
    let enrolled = store.write(&own, move |tx| {
        Box::pin(async move {
            let key = "示範金鑰（非真實公鑰）";
            tx.enrol_signing_key(g2, "demo-0000000000000000", key, "plan").await
        })
    });
    enrolled.await?;
    store.checkpoint().await
}
