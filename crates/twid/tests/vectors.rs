//! The shared test vectors, one line of counts a file; `cargo xtask conformance twid` reads them.

#![expect(clippy::print_stdout, reason = "the counts are what the conformance task reads")]

use bulwark_twid::{Kind, Reason, Valid, check, mask};
use proptest::prelude::*;

/// Rows of a CSV file whose quoted fields hold no line breaks.
fn rows(name: &str) -> Option<Vec<Vec<String>>> {
    let path = bulwark_testkit::shared_data("digital-services")?.join("vectors").join(name);
    let text = std::fs::read_to_string(path).expect("readable");
    let row = |line: &str| {
        let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                c => field.push(c),
            }
        }
        fields.push(field);
        fields
    };
    Some(text.lines().skip(1).map(row).collect())
}

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
        want(&check(Kind::CompanyId, &row[0]), valid)
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
    compare("districts.csv", |row| want(&check(Kind::Postcode, &row[0]), true));
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

/// A good national ID from nine free characters.
fn national_id(letter: u8, gender: u32, digits: [u32; 7]) -> String {
    let head: String = std::iter::once(char::from(b'A' + letter % 26))
        .chain([char::from_digit(1 + gender % 2, 10).expect("a digit")])
        .chain(digits.iter().map(|d| char::from_digit(d % 10, 10).expect("a digit")))
        .collect();
    (0..10)
        .map(|last| format!("{head}{last}"))
        .find(|id| check(Kind::NationalId, id).is_ok())
        .expect("one of ten check digits fits")
}

proptest! {
    /// Exactly one check digit fits, and a change of one other digit is always seen.
    #[test]
    fn a_mistyped_digit_is_seen(letter in 0_u8..26, gender in 0_u32..2, digits in prop::array::uniform7(0_u32..10), at in 2_usize..10, by in 1_u32..10) {
        let id = national_id(letter, gender, digits);
        let mut chars: Vec<char> = id.chars().collect();
        let digit = chars[at].to_digit(10).expect("a digit");
        // Weights 2, 4, 5, 6 and 8 share a factor with 10: such a change may keep the sum.
        let weight = [8, 7, 6, 5, 4, 3, 2, 1, 1][at - 1];
        prop_assume!(weight * by % 10 != 0 && weight * (10 - by) % 10 != 0);
        chars[at] = char::from_digit((digit + by) % 10, 10).expect("a digit");
        let typed: String = chars.into_iter().collect();
        prop_assert_eq!(check(Kind::NationalId, &typed), Err(Reason::Checksum));
    }

    /// Nothing panics, and what is good stays good in its normal form.
    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        for kind in Kind::ALL {
            if let Ok(valid) = check(kind, &text) {
                prop_assert_eq!(check(kind, &valid.value).map(|v| v.value), Ok(valid.value));
            }
            let _ = mask(kind, &text);
        }
        let _ = bulwark_twid::address::parse(&text);
    }

    /// A mask never holds the middle of a number.
    #[test]
    fn a_mask_hides(letter in 0_u8..26, digits in prop::array::uniform7(0_u32..10)) {
        let id = national_id(letter, 0, digits);
        let masked = mask(Kind::PersonId, &id);
        prop_assert_eq!(masked.len(), 10);
        prop_assert_eq!(&masked[3..7], "****");
        prop_assert!(masked.starts_with(&id[..3]) && masked.ends_with(&id[7..]));
    }
}

#[test]
fn masks_by_kind() {
    let cases = [
        (Kind::PersonId, "a123456789", "A12****789"),
        (Kind::Phone, "0912-345-678", "0912*****678"),
        (Kind::Name, "王小明", "王**"),
        (Kind::RocDate, "113-2-29", "113-**-**"),
        (Kind::RocDate, "1130229", "***"),
        (Kind::CompanyId, "22099131", "22099131"),
        (Kind::PersonId, "A1234", "*****"),
    ];
    for (kind, text, masked) in cases {
        assert_eq!(mask(kind, text), masked, "{text}");
    }
}
