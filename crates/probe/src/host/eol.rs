//! When operating systems stop getting security updates.

use jiff::civil::Date;

use super::OsRelease;

/// End of life of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eol {
    /// Product, for example `debian`.
    pub product: String,
    /// Release, for example `12`.
    pub cycle: String,
    /// Last day with free security updates (Debian: end of LTS).
    pub date: Date,
    /// Where the date comes from.
    pub source: String,
}

const TABLE: &str = include_str!("eol.csv");

/// End of life of the system that wrote this os-release; `None` when our table does not know it.
pub fn end_of_life(os: &OsRelease) -> Option<Eol> {
    let version = os.version_id.as_str();
    let major = version.split('.').next().unwrap_or_default();
    let name = os.fields.get("NAME").map(String::as_str).unwrap_or_default();
    match os.id.as_str() {
        "ubuntu" => end_of_life_of("ubuntu", version),
        "alpine" => {
            let cycle: Vec<&str> = version.split('.').take(2).collect();
            end_of_life_of("alpine", &cycle.join("."))
        }
        "centos" if name.contains("Stream") => end_of_life_of("centos-stream", major),
        id => end_of_life_of(id, major),
    }
}

/// End of life by product (`debian`) and release (`12`).
pub fn end_of_life_of(product: &str, cycle: &str) -> Option<Eol> {
    rows().find(|e| e.product == product && e.cycle == cycle)
}

fn rows() -> impl Iterator<Item = Eol> {
    TABLE.lines().filter(|l| !l.starts_with('#')).skip(1).filter_map(|line| {
        let mut fields = line.split(',');
        let (product, cycle) = (fields.next()?, fields.next()?);
        let date = fields.next()?.parse().ok()?;
        Some(Eol { product: product.into(), cycle: cycle.into(), date, source: fields.next()?.into() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::os_release;

    #[test]
    fn every_row_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|l| !l.starts_with('#')).count() - 1;
        let rows: Vec<Eol> = rows().collect();
        assert_eq!(rows.len(), lines);
        assert!(rows.iter().all(|r| !r.source.is_empty() && r.date.year() >= 2019));
        let mut keys: Vec<_> = rows.iter().map(|r| (&r.product, &r.cycle)).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), rows.len());
    }

    #[test]
    fn systems_are_found_by_their_os_release() {
        for (text, date) in [
            ("ID=debian\nVERSION_ID=\"12\"\n", Some("2028-06-30")),
            ("ID=ubuntu\nVERSION_ID=\"22.04\"", Some("2027-06-01")),
            ("ID=ubuntu\nVERSION_ID=\"23.10\"", None),
            ("ID=alpine\nVERSION_ID=3.19.1", Some("2025-11-01")),
            ("NAME=\"CentOS Linux\"\nID=\"centos\"\nVERSION_ID=\"8\"", Some("2021-12-31")),
            ("NAME=\"CentOS Stream\"\nID=\"centos\"\nVERSION_ID=\"8\"", Some("2024-05-31")),
            ("ID=\"rhel\"\nVERSION_ID=\"9.4\"", Some("2032-05-31")),
            ("ID=\"rocky\"\nVERSION_ID=\"8.10\"", Some("2029-05-31")),
            ("ID=debian\nPRETTY_NAME=\"Debian sid\"", None),
            ("", None),
        ] {
            let found = end_of_life(&os_release(text)).map(|e| e.date.to_string());
            assert_eq!(found.as_deref(), date, "{text}");
        }
        assert!(end_of_life_of("windows-server", "2012r2").is_some());
    }
}
