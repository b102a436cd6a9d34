//! The systems of the demo, one of each agency: well known, half known, hardly known.

use bulwark_model::{BackgroundField, FactSource, ProtectionLevel, ProtectionNeed, SystemClass};
use bulwark_store::{NewSystem, Store, StoreError};
use jiff::civil::Date;

use super::history::{Known, act};

/// A system and who enters it.
pub struct Told {
    by: &'static str,
    name: &'static str,
    class: SystemClass,
    core: bool,
    mtpd_minutes: Option<u32>,
    need: ProtectionNeed,
    facts: &'static [(BackgroundField, &'static str)],
}

const fn need(
    confidentiality: Option<ProtectionLevel>,
    integrity: Option<ProtectionLevel>,
    availability: Option<ProtectionLevel>,
    legal: Option<ProtectionLevel>,
) -> ProtectionNeed {
    ProtectionNeed { confidentiality, integrity, availability, legal }
}

/// All of them.
pub const SYSTEMS: [Told; 3] = [
    Told {
        by: "ris-ciso",
        name: "戶役政資訊系統（示範）",
        class: SystemClass::Critical,
        core: true,
        mtpd_minutes: Some(240),
        need: need(
            Some(ProtectionLevel::High),
            Some(ProtectionLevel::High),
            Some(ProtectionLevel::High),
            Some(ProtectionLevel::Medium),
        ),
        facts: &[
            (BackgroundField::BusinessItem, "戶籍登記與身分證核發"),
            (BackgroundField::Stakeholder, "戶政事務所、查驗身分的機關、民眾"),
            (BackgroundField::SecurityLevel, "high"),
            (BackgroundField::Circuit, "政府網際服務網專線，備援一路"),
            (BackgroundField::DatacenterLocation, "臺北主機房、臺中備援機房"),
            (BackgroundField::ServerKind, "虛擬機"),
            (BackgroundField::OsName, "Debian"),
            (BackgroundField::OsVersion, "13"),
            (BackgroundField::OperatorAgency, "內政部戶政司（示範）"),
            (BackgroundField::Contact, "王報"),
            (BackgroundField::Vendor, "示範資訊股份有限公司"),
        ],
    },
    Told {
        by: "taipei-ciso",
        name: "市民服務網（示範）",
        class: SystemClass::Operational,
        core: false,
        mtpd_minutes: Some(1440),
        need: need(Some(ProtectionLevel::Medium), Some(ProtectionLevel::Medium), None, None),
        facts: &[
            (BackgroundField::BusinessItem, "線上申辦與案件查詢"),
            (BackgroundField::OsName, "Ubuntu"),
            (BackgroundField::OsVersion, "24.04"),
            (BackgroundField::Vendor, "示範資訊股份有限公司"),
        ],
    },
    Told {
        by: "hospital-ciso",
        name: "門診掛號系統（示範）",
        class: SystemClass::Critical,
        core: true,
        mtpd_minutes: None,
        need: need(None, None, None, None),
        facts: &[(BackgroundField::BusinessItem, "門診掛號")],
    },
];

/// Has one entered.
pub async fn enter(store: &Store, told: &'static Told, next: u8) -> Result<(), StoreError> {
    let who = Known::find(store, told.by).await?;
    let at: jiff::Timestamp = store.now().into();
    let day: Date = jiff::tz::Offset::constant(8).to_datetime(at).date();
    let mut new = NewSystem {
        core: told.core,
        mtpd_minutes: told.mtpd_minutes,
        need: told.need,
        ..NewSystem::named(who.organisation, told.name, told.class)
    };
    for (field, text) in told.facts {
        let said = new.background.say(*field, text, day, FactSource::Typed);
        said.map_err(|why| StoreError::BadValue { field: field.code().into(), why: why.to_string() })?;
    }
    act(store, &who.acting(None), next, move |tx| Box::pin(async move { tx.add_system(new).await.map(drop) }))
        .await
}
