//! The shared test vectors, one line of counts a file; `cargo xtask conformance twid` reads them.

#![expect(clippy::print_stdout, reason = "the counts are what the conformance task reads")]

mod support;

use bulwark_twid::{Advice, Kind, Reason, Valid, address, check, postcode};
use support::rows;

/// Compares every row and prints `name: passed/total`.
fn compare(name: &str, test: impl Fn(&[String]) -> Result<(), String>) {
    let Some(rows) = rows(name) else { return };
    let faults: Vec<String> =
        rows.iter().filter_map(|row| Some(format!("{row:?}: {}", test(row).err()?))).collect();
    println!("{name}: {}/{}", rows.len() - faults.len(), rows.len());
    assert!(faults.is_empty() && !rows.is_empty(), "{}", faults.join("\n"));
}

fn want(found: &Result<Valid, Reason>, valid: bool) -> Result<(), String> {
    if found.is_ok() == valid { Ok(()) } else { Err(format!("{found:?}")) }
}

#[test]
fn identity_numbers() {
    compare("id_vectors.csv", |row| {
        let found = check(Kind::PersonId, &row[0]);
        match (&found, row[1].as_str()) {
            (Ok(v), kind) if v.kind == Some(kind) => Ok(()),
            (Err(reason), "none") if reason.code() == row[3] => Ok(()),
            _ => Err(format!("{found:?}")),
        }?;
        let advised = found.is_ok_and(|v| v.advice == [Advice::OldResidenceNumber]);
        if advised != (row[1] == "arc_old") {
            return Err("advice".into());
        }
        let national = check(Kind::NationalId, &row[0]).is_ok() == (row[1] == "national_id");
        let residence =
            check(Kind::ResidenceId, &row[0]).is_ok() == matches!(row[1].as_str(), "ui_number" | "arc_old");
        if national && residence { Ok(()) } else { Err("asked for one kind".into()) }
    });
}

#[test]
fn company_numbers() {
    compare("ubn_vectors.csv", |row| {
        // 00000000 passes the sum and is refused by policy.
        let valid = row[1] == "valid" && row[0] != "00000000";
        let found = check(Kind::CompanyId, &row[0]);
        want(&found, valid)?;
        let reason = if row[0] == "00000000" { Reason::Reserved } else { Reason::Checksum };
        if valid || found == Err(reason) { Ok(()) } else { Err("another reason".into()) }
    });
}

#[test]
fn dates() {
    compare("roc_date_vectors.csv", |row| {
        for text in [format!("{}/{}/{}", row[0], row[1], row[2]), format!("{}-{}-{}", row[0], row[1], row[2])]
        {
            let found = check(Kind::RocDate, &text);
            let (verdict, note) = row[4].split_once(':').unwrap_or((&row[4], ""));
            let good = match &found {
                Ok(v) => {
                    verdict == "valid"
                        && v.value == row[3]
                        && note == v.advice.first().map_or("", |a| a.code())
                }
                Err(reason) => reason.code() == verdict,
            };
            if !good {
                return Err(format!("{text}: {found:?}"));
            }
        }
        Ok(())
    });
}

#[test]
fn names() {
    compare("name_vectors.csv", |row| {
        let found = check(Kind::Name, &row[0]);
        want(&found, row[1] != "invalid")?;
        let flagged = found.is_ok_and(|v| !v.advice.is_empty());
        if flagged == (row[1] == "valid_flagged") { Ok(()) } else { Err("flag".into()) }
    });
}

#[test]
fn postcodes() {
    compare("postcode_vectors.csv", |row| {
        let found = check(Kind::Postcode, &row[0]);
        want(&found, row[1] != "invalid")?;
        let flagged = found.is_ok_and(|v| !v.advice.is_empty());
        if flagged == (row[1] == "valid_flagged") { Ok(()) } else { Err("flag".into()) }
    });
}

#[test]
fn every_district_has_a_code_and_no_other_code_is_taken() {
    compare("districts.csv", |row| {
        want(&check(Kind::Postcode, &row[0]), true)?;
        // Islands of their own stand under a county of ours.
        let island = matches!(row[1].as_str(), "釣魚臺" | "南海島");
        let county = postcode::county(&row[0]).unwrap_or_default();
        if county == row[1] || island { Ok(()) } else { Err(county.to_owned()) }
    });
    let Some(rows) = rows("districts.csv") else { return };
    let taken = (0..1000).map(|n| format!("{n:03}")).filter(|c| check(Kind::Postcode, c).is_ok());
    for code in taken {
        assert!(rows.iter().any(|row| row[0] == code), "{code}");
    }
}

#[test]
fn phones() {
    compare("phone_vectors.csv", |row| {
        let found = check(Kind::Phone, &row[0]);
        let (kind, note) = row[1].split_once(':').unwrap_or((&row[1], ""));
        let good = match &found {
            Ok(v) => v.kind == Some(kind) && v.value == row[2],
            Err(reason) => {
                let why = if note.is_empty() { kind } else { note };
                row[2].is_empty() && (why == "invalid" || reason.code() == why)
            }
        };
        if good { Ok(()) } else { Err(format!("{found:?}")) }
    });
}

#[test]
fn addresses() {
    let Some(text) = support::shared("linkage/roads.json") else { return };
    let districts: Vec<(String, String, String, Vec<String>)> = serde_json::from_str(&text).expect("JSON");
    let half = |text: &str| -> String {
        text.chars()
            .map(|c| match c {
                '０'..='９' => char::from_u32(u32::from(c) - 0xFEE0).expect("a digit"),
                '台' => '臺',
                c => c,
            })
            .collect()
    };
    let (mut total, mut faults) = (0, Vec::new());
    for (county, district, zone, roads) in &districts {
        for road in roads {
            let text = format!("{zone}{county}{district}{road}12巷3弄4號之5　6樓之1");
            let found = address::parse(&text);
            let name = format!("{}{}", found.village, found.road);
            let good = found.postcode == *zone
                && found.county == *county
                && found.district == *district
                && name == half(road)
                && [&*found.lane, &*found.alley, &*found.number, &*found.floor]
                    == ["12巷", "3弄", "4號之5", "6樓之1"];
            total += 1;
            if !good {
                faults.push(format!("{text}: {found:?}"));
            }
        }
    }
    println!("roads.json: {}/{total}", total - faults.len());
    assert!(faults.is_empty() && total > 0, "{}", faults.join("\n"));
}
