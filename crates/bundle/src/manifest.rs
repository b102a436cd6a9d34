//! The manifest: what a bundle holds. One manifest has exactly one sequence of bytes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::{check_names, is_unreadable};
use crate::{BundleError, Limits, Sha256, tar};

/// The format of this crate, in the manifest and in the name of the first entry.
pub const FORMAT: u32 = 1;

/// One record as the manifest states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Path inside the bundle, with `/`.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// Hash of the content.
    pub sha256: Sha256,
    /// What the content is (RFC 6838), for example `application/json`.
    pub media_type: String,
}

/// Everything that is signed. Records are sorted by name, bytewise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: u32,
    /// What the bundle is, for example `application/vnd.bulwark.result+json`.
    pub media_type: String,
    /// When it was made, as told by the maker.
    pub created: Timestamp,
    /// Program and version that made it.
    pub tool: String,
    /// What it is about, in the maker's words; may be empty.
    pub subject: String,
    /// Hashes of other files that it belongs to: `plan` → hash of the plan.
    pub links: BTreeMap<String, Sha256>,
    /// The tenant that it is meant for, if for one only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// From this time on it must not be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The records.
    pub records: Vec<Record>,
}

impl Manifest {
    /// The record of a name and its 0-based position.
    pub fn find(&self, name: &str) -> Option<(usize, &Record)> {
        let at = self.records.binary_search_by(|r| r.name.as_bytes().cmp(name.as_bytes())).ok()?;
        Some((at, &self.records[at]))
    }

    /// The only accepted bytes of this manifest: JSON with the fields in the order of this struct,
    /// no blanks inside a line, one record a line, a line feed at the end.
    pub fn to_bytes(&self) -> Vec<u8> {
        fn json<T: Serialize + ?Sized>(value: &T) -> String {
            serde_json::to_string(value).expect("strings, numbers and maps of strings have a JSON form")
        }
        let mut out = format!(
            "{{\"format\":{},\n\"media_type\":{},\n\"created\":{},\n\"tool\":{},\n\"subject\":{},\n\"links\":{},\n",
            self.format,
            json(&self.media_type),
            json(&self.created),
            json(&self.tool),
            json(&self.subject),
            json(&self.links),
        );
        if let Some(tenant) = &self.tenant {
            out.extend(["\"tenant\":", &json(tenant), ",\n"]);
        }
        if let Some(expires) = &self.expires {
            out.extend(["\"expires\":", &json(expires), ",\n"]);
        }
        out += "\"records\":[";
        for (i, record) in self.records.iter().enumerate() {
            out += if i == 0 { "\n" } else { ",\n" };
            out += &json(record);
        }
        out += "\n]}\n";
        out.into_bytes()
    }

    /// Reads the bytes of a manifest and checks everything that can be checked without the records.
    pub(crate) fn parse(bytes: &[u8], limits: &Limits) -> Result<Self, BundleError> {
        let altered = |cause: String| BundleError::ManifestAltered { cause };
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| altered(e.to_string()))?;
        manifest.check(limits).map_err(|e| match e {
            BundleError::BadField { field, value } => altered(format!("{field}: {value:?}")),
            other => other,
        })?;
        if let Some(pair) = manifest.records.windows(2).find(|w| w[0].name.as_bytes() >= w[1].name.as_bytes())
        {
            return Err(altered(format!("records are not sorted: {:?}", pair[1].name)));
        }
        if manifest.to_bytes() != bytes {
            return Err(altered("not in canonical form".to_owned()));
        }
        Ok(manifest)
    }

    /// Checks that apply when writing and when reading.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), BundleError> {
        if self.format != FORMAT {
            return Err(BundleError::BadField { field: "format", value: self.format.to_string() });
        }
        media_type("media_type", &self.media_type)?;
        line("tool", &self.tool, 1)?;
        line("subject", &self.subject, 0)?;
        for name in self.links.keys() {
            line("links", name, 1)?;
        }
        if let Some(tenant) = &self.tenant {
            line("tenant", tenant, 1)?;
        }
        let count = self.records.len() as u64;
        if count > limits.max_records {
            return Err(BundleError::TooManyRecords { count, limit: limits.max_records });
        }
        check_names(self.records.iter().map(|r| r.name.as_str()))?;
        for (i, record) in self.records.iter().enumerate() {
            media_type("records.media_type", &record.media_type)?;
            let limit = limits.max_record_bytes.min(tar::MAX_SIZE);
            if record.bytes > limit {
                return Err(BundleError::RecordTooLarge { record: record.at(i), bytes: record.bytes, limit });
            }
        }
        Ok(())
    }
}

impl Record {
    /// This record as named in an error; `index` is 0-based.
    pub(crate) fn at(&self, index: usize) -> crate::RecordAt {
        crate::RecordAt { name: self.name.clone(), index: Some(index as u64 + 1) }
    }
}

/// `type/subtype` of RFC 6838 §4.2 restricted names, without parameters.
fn media_type(field: &'static str, value: &str) -> Result<(), BundleError> {
    let part = |p: &str| {
        p.len() <= 127
            && p.starts_with(|c: char| c.is_ascii_alphanumeric())
            && p.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    match value.split_once('/') {
        Some((kind, sub)) if part(kind) && part(sub) => Ok(()),
        _ => Err(BundleError::BadField { field, value: value.to_owned() }),
    }
}

/// One readable line of `min`..=1024 bytes.
fn line(field: &'static str, value: &str, min: usize) -> Result<(), BundleError> {
    if (min..=1024).contains(&value.len()) && !value.chars().any(is_unreadable) {
        Ok(())
    } else {
        Err(BundleError::BadField { field, value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            format: FORMAT,
            media_type: "application/vnd.bulwark.result+json".into(),
            created: "2026-11-23T06:02:00Z".parse().expect("a time"),
            tool: "bulwark 0.1.0".into(),
            subject: "「甲」系統".into(),
            links: BTreeMap::from([("plan".to_owned(), Sha256::of(b"plan"))]),
            tenant: None,
            expires: None,
            records: vec![Record {
                name: "a.json".into(),
                bytes: 2,
                sha256: Sha256::of(b"{}"),
                media_type: "application/json".into(),
            }],
        }
    }

    #[test]
    fn the_bytes_of_a_manifest_are_fixed() {
        let text = String::from_utf8(manifest().to_bytes()).expect("UTF-8");
        let plan = Sha256::of(b"plan");
        let empty = Sha256::of(b"{}");
        assert_eq!(
            text,
            format!(
                "{{\"format\":1,\n\"media_type\":\"application/vnd.bulwark.result+json\",\n\
                 \"created\":\"2026-11-23T06:02:00Z\",\n\"tool\":\"bulwark 0.1.0\",\n\
                 \"subject\":\"「甲」系統\",\n\"links\":{{\"plan\":\"{plan}\"}},\n\"records\":[\n\
                 {{\"name\":\"a.json\",\"bytes\":2,\"sha256\":\"{empty}\",\"media_type\":\"application/json\"}}\n]}}\n"
            )
        );
        assert_eq!(Manifest::parse(text.as_bytes(), &Limits::default()).expect("canonical"), manifest());
    }

    #[test]
    fn other_spellings_of_the_same_manifest_are_refused() {
        let text = String::from_utf8(manifest().to_bytes()).expect("UTF-8");
        let others = [
            text.replace(":1,", ": 1,"),
            text.replace("06:02:00Z", "06:02:00.0Z"),
            text.replace("06:02:00Z", "14:02:00+08:00"),
            text.replace('甲', "\\u7532"),
            text.replace("a.json", "\\u0061.json"),
            text.trim_end().to_owned(),
            text.replace("\"records\"", "\"more\":1,\n\"records\""),
            text.replace("\"records\"", "\"tenant\":null,\n\"records\""),
            text.replace("\"format\":1", "\"format\":2"),
            text.replace("\"format\":1", "\"format\":1,\"format\":1"),
        ];
        for other in &others {
            assert_ne!(*other, text);
            let e = Manifest::parse(other.as_bytes(), &Limits::default()).expect_err(other);
            assert_eq!(e.code(), "BW-BUNDLE-005", "{other}");
        }
    }

    #[test]
    fn fields_are_single_readable_lines() {
        let with = |change: fn(&mut Manifest)| {
            let mut m = manifest();
            change(&mut m);
            m.check(&Limits::default()).map_err(|e| e.code())
        };
        assert_eq!(with(|_| ()), Ok(()));
        assert_eq!(with(|m| m.tool.clear()), Err("BW-BUNDLE-023"));
        assert_eq!(with(|m| m.subject = "a\u{1b}[2J".into()), Err("BW-BUNDLE-023"));
        assert_eq!(with(|m| m.media_type = "json".into()), Err("BW-BUNDLE-023"));
        assert_eq!(with(|m| m.records[0].bytes = u64::MAX), Err("BW-BUNDLE-013"));
    }
}
