//! How this installation is set up: `bulwark.toml`, then the environment (`BULWARK__SECTION__KEY`), then the command
//! line, the later over the earlier; defaults for the rest. [`table`] holds every key once: what is read, shown and
//! written as an example follows it.

mod read;
pub mod secret;
mod show;
mod table;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Exit, Lang, Location};
use clap::Args;
use serde::Deserialize;

use self::read::{Given, Origin, Values};
use self::secret::Secret;
use crate::texts::{diagnostic, texts};

pub use self::show::example;

/// Where the configuration of a package lies.
const SYSTEM_FILE: &str = "/etc/bulwark/bulwark.toml";
/// The file of this name in the present folder comes before that of the package.
const LOCAL_FILE: &str = "bulwark.toml";

/// Which installation a command is about.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// 設定檔；未填則為 ./bulwark.toml，其次 /etc/bulwark/bulwark.toml Configuration file; ./bulwark.toml, else /etc/bulwark/bulwark.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// 資料夾；未同時給設定檔時不讀任何設定檔 Data folder; no configuration file is read unless one is given as well
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where and how it serves.
    pub server: Server,
    /// Where it keeps things.
    pub store: StoreSettings,
    /// How long people stay logged in.
    pub session: Session,
    /// What a password may be.
    pub password: Password,
    /// The identity provider of an agency.
    pub oidc: Oidc,
    /// How much is too much.
    pub limits: Limits,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where people reach it; `None` for `localhost` at the port it listens on.
    pub origin: Option<String>,
    /// Whom to tell about a weakness.
    pub contact: Option<String>,
    /// How TLS is done.
    pub tls: Tls,
    /// Certificates in PEM, for [`Tls::Files`].
    pub tls_cert: Option<PathBuf>,
    /// The key in PEM, for [`Tls::Files`].
    pub tls_key: Option<PathBuf>,
    /// Where machines ask how it is doing.
    pub health_listen: SocketAddr,
}

/// How TLS is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// Not here: this machine alone, or a proxy on it.
    Off,
    /// By a certificate authority of this installation.
    OwnCa,
    /// By files given.
    Files,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSettings {
    /// The data folder.
    pub dir: PathBuf,
    /// Which database.
    pub database: DatabaseKind,
    /// Where PostgreSQL is.
    pub url: Option<Secret<String>>,
    /// The file that says where.
    pub url_file: Option<PathBuf>,
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseKind {
    /// A file in the data folder.
    Sqlite,
    /// A server.
    Postgres,
}

/// `[session]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// A log-in ends by itself after so long.
    pub hours: i64,
    /// A log-in ends when it was not used for so long.
    pub idle_minutes: i64,
}

/// `[password]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Password {
    /// Passwords that were stolen elsewhere.
    pub breached: Option<PathBuf>,
}

/// `[oidc]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// The provider as it calls itself; there is none without it.
    pub issuer: Option<String>,
    /// Our name there.
    pub client_id: Option<String>,
    /// Our secret there.
    pub client_secret: Option<Secret<String>>,
    /// The file with it.
    pub client_secret_file: Option<PathBuf>,
    /// Levels of assurance, separated by spaces, of which one must have been reached.
    pub acr: Option<String>,
    /// Its certificate authority, when the system does not know it.
    pub ca_file: Option<PathBuf>,
}

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Requests of one address, in the long run; 0 for no limit.
    pub requests_per_second: u32,
    /// Connections in all.
    pub connections: u32,
    /// Connections of one address.
    pub connections_per_address: u32,
}

/// Settings with where each came from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The file they were read from, if there was one.
    pub file: Option<PathBuf>,
    values: Values,
}

/// Reads file, environment and arguments.
///
/// # Errors
/// Every mistake with its place.
pub fn load(which: &Which) -> Result<Loaded, Vec<Diagnostic>> {
    let file = which.config.clone().or_else(|| usual_file(which));
    let mut values = Values::new();
    let mut notes = match &file {
        Some(path) => from_file(path, &mut values).map_err(|note| vec![note])?,
        None => Vec::new(),
    };
    notes.extend(read::environment(&variables(), &mut values));
    if let Some(dir) = &which.store {
        let value = toml::Value::String(dir.to_string_lossy().into_owned());
        values.insert("store.dir".into(), Given { value, origin: Origin::Argument("--store") });
    }
    read::defaults(&mut values);
    if !notes.is_empty() {
        return Err(notes);
    }
    let settings = settings(&values)?;
    Ok(Loaded { settings, file, values })
}

/// What `bulwark config` does.
pub fn main(command: crate::cli::Config, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    match command {
        crate::cli::Config::Check(which) => {
            let loaded = load(&which)?;
            show::checked(&loaded, lang);
        }
        crate::cli::Config::Show { which, origin } => show::show(&load(&which)?, origin, lang),
        crate::cli::Config::Example => crate::print::line(example().trim_end()),
    }
    Ok(Exit::Ok)
}

/// The file that holds when none is named. A data folder that is named stands for itself: the database of some other
/// configuration must not be opened with its keys.
fn usual_file(which: &Which) -> Option<PathBuf> {
    let found = [LOCAL_FILE, SYSTEM_FILE].into_iter().map(PathBuf::from).find(|path| path.is_file());
    found.filter(|_| which.store.is_none())
}

fn from_file(path: &Path, values: &mut Values) -> Result<Vec<Diagnostic>, Diagnostic> {
    let shown = path.display().to_string();
    let place = || Location::File { path: shown.clone(), line: 0, column: 0 };
    let unreadable = || diagnostic(texts(), "BW-CONF-005", &args![path = shown]).at(place());
    let text = std::fs::read_to_string(path).map_err(|e| unreadable().because(e))?;
    let folder = std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned));
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut notes = read::file(&shown, text, &folder.unwrap_or_default(), values);
    let mut secrets = table::KEYS.iter().filter(|key| key.kind == table::Kind::Secret);
    if secrets.any(|key| values.contains_key(&key.path()))
        && let Err(note) = secret::closed_to_others(path)
    {
        notes.push(note);
    }
    Ok(notes)
}

/// The variables of the environment that set something.
fn variables() -> Vec<(String, String)> {
    // A variable that is no UTF-8 is nothing we know; `vars_os` does not panic on it.
    let all = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let mut ours: Vec<_> = all.filter(|(name, _)| name.starts_with("BULWARK__")).collect();
    ours.sort();
    ours
}

fn settings(values: &Values) -> Result<Settings, Vec<Diagnostic>> {
    let mut root = toml::Table::new();
    for key in table::KEYS {
        let section = root.entry(key.section).or_insert_with(|| toml::Table::new().into());
        if let (toml::Value::Table(section), Some(given)) = (section, values.get(&key.path())) {
            section.insert(key.name.to_owned(), given.value.clone());
        }
    }
    let mut settings: Settings = root.try_into().map_err(|e: toml::de::Error| {
        // The table has checked every value; this is a difference between the table and the structs.
        vec![diagnostic(texts(), "BW-CONF-001", &args![reason = e.message()])]
    })?;
    let mut notes = conflicts(&settings, values);
    let store = &mut settings.store;
    let oidc = &mut settings.oidc;
    for (file, value) in
        [(&store.url_file, &mut store.url), (&oidc.client_secret_file, &mut oidc.client_secret)]
    {
        match file.as_deref().map(secret::read) {
            None => {}
            Some(Ok(text)) => *value = Some(Secret::from(text)),
            Some(Err(note)) => notes.push(note),
        }
    }
    if notes.is_empty() { Ok(settings) } else { Err(notes) }
}

/// What is right by itself but not together.
fn conflicts(settings: &Settings, values: &Values) -> Vec<Diagnostic> {
    let place = |key: &str| values.get(key).map(|given| given.origin.place()).unwrap_or_default();
    let note =
        |code: &str, key: &str, args: &[(&str, String)]| diagnostic(texts(), code, args).at(place(key));
    let server = &settings.server;
    let mut notes = Vec::new();
    if server.tls == Tls::Off && !server.listen.ip().is_loopback() {
        notes.push(note("BW-CONF-010", "server.listen", &args![listen = server.listen]));
    }
    let plain = server.origin.as_ref().filter(|origin| origin.starts_with("http://"));
    if let (true, Some(origin)) = (server.tls != Tls::Off, plain) {
        notes.push(note("BW-CONF-012", "server.origin", &args![origin = origin]));
    }
    for (file, key) in [(&server.tls_cert, "tls_cert"), (&server.tls_key, "tls_key")] {
        if server.tls == Tls::Files && file.is_none() {
            notes.push(note("BW-CONF-011", "server.tls", &args![key = format!("server.{key}")]));
        }
    }
    if server.listen == server.health_listen && server.listen.port() != 0 {
        notes.push(note("BW-CONF-014", "server.health_listen", &args![listen = server.listen]));
    }
    for key in table::KEYS.iter().filter(|key| key.kind == table::Kind::Secret).map(table::Key::path) {
        let file = format!("{key}_file");
        if values.contains_key(&key) && values.contains_key(&file) {
            notes.push(note("BW-CONF-008", &file, &args![key = key]));
        }
    }
    let lacks_url = settings.store.url.is_none() && settings.store.url_file.is_none();
    if settings.store.database == DatabaseKind::Postgres && lacks_url {
        notes.push(note("BW-CONF-013", "store.database", &[]));
    }
    if settings.oidc.issuer.is_some() && settings.oidc.client_id.is_none() {
        notes.push(note("BW-CONF-015", "oidc.issuer", &[]));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> (Values, Vec<Diagnostic>) {
        let mut values = Values::new();
        let notes = read::file("bulwark.toml", text, Path::new("/etc/bulwark"), &mut values);
        read::defaults(&mut values);
        (values, notes)
    }

    #[test]
    fn the_table_and_the_structs_know_the_same_keys() {
        let (values, notes) = values("");
        assert_eq!(notes, []);
        let settings = settings(&values).expect("defaults fit");
        assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8620");
        assert_eq!((settings.server.tls, settings.session.hours), (Tls::Off, 12));
        // Each key alone, so that one the structs do not know is refused by serde.
        for key in table::KEYS {
            let value = key.default.unwrap_or(key.sample);
            let (values, notes) = self::values(&format!("[{}]\n{} = {value}\n", key.section, key.name));
            assert_eq!(notes, [], "{}", key.path());
            let known = super::settings(&values)
                .map_err(|notes| notes.into_iter().map(|n| n.code).collect::<Vec<_>>());
            let refused = known.err().unwrap_or_default();
            assert!(!refused.contains(&"BW-CONF-001".to_owned()), "{} is missing in a struct", key.path());
        }
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        let code_of = |text: &str| -> Vec<String> {
            let (values, notes) = values(text);
            assert_eq!(notes, [], "{text}");
            settings(&values).err().unwrap_or_default().into_iter().map(|note| note.code).collect()
        };
        assert_eq!(code_of("[server]\nlisten = \"0.0.0.0:443\"\n"), ["BW-CONF-010"]);
        assert_eq!(code_of("[server]\nlisten = \"0.0.0.0:443\"\ntls = \"own-ca\"\n"), [""; 0]);
        assert_eq!(code_of("[server]\ntls = \"files\"\ntls_cert = \"a\"\n"), ["BW-CONF-011"]);
        assert_eq!(code_of("[server]\ntls = \"own-ca\"\norigin = \"http://localhost\"\n"), ["BW-CONF-012"]);
        assert_eq!(code_of("[store]\ndatabase = \"postgres\"\n"), ["BW-CONF-013"]);
        assert_eq!(code_of("[server]\nlisten = \"127.0.0.1:8621\"\n"), ["BW-CONF-014"]);
    }

    #[test]
    fn a_path_in_the_file_starts_at_the_folder_of_the_file() {
        let (values, _) = values("[store]\ndir = \"data\"\n");
        assert_eq!(settings(&values).expect("right").store.dir, Path::new("/etc/bulwark/data"));
    }
}
