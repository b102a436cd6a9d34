//! `bulwark backup`, `bulwark restore` and `bulwark migrate`.

use std::path::Path;

use bulwark_i18n::args;
use bulwark_model::{Clock as _, Diagnostic, Exit, Lang, Location};
use bulwark_store::backup::Manifest;
use bulwark_store::{Config, TableDigest};

use crate::cli::Migrate;
use crate::clock::SystemClock;
use crate::config::{DatabaseKind, Which, secret};
use crate::installation::{Installation, KEYS, block_on, ended};
use crate::local::{Answer, Request, ask, record};
use crate::print::{line, say, table};
use crate::texts::{diagnostic, texts};

/// Backs up into an empty folder.
///
/// # Errors
/// Wrong usage.
pub fn back_up(which: &Which, dir: &Path, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let installation = Installation::load(which)?;
    // The server has another present folder.
    let dir = std::path::absolute(dir).map_err(|e| vec![unwritable(dir).because(e)])?;
    let done = block_on(ask(&installation, &Request::Backup { dir: dir.clone() })).map(|answer| {
        if let Answer::Backup(manifest) = answer {
            line(summary("backup.made", &dir, &manifest, lang));
            line(texts().text("backup.keys", &args![store = installation.place()]).get(lang));
        }
        Exit::Ok
    });
    ended(done, lang)
}

/// Restores into an empty folder and compares.
///
/// # Errors
/// Wrong usage.
pub fn restore(
    which: &Which,
    dir: &Path,
    into: &Path,
    keys: Option<&Path>,
    lang: Lang,
) -> Result<Exit, Vec<Diagnostic>> {
    let installation = Installation::load(which)?;
    let keys = keys.unwrap_or_else(|| installation.dir());
    if let Some(key) = KEYS.into_iter().map(|key| keys.join(key)).find(|path| !path.is_file()) {
        let path = key.display().to_string();
        let place = Location::File { path: path.clone(), line: 0, column: 0 };
        return Err(vec![diagnostic(texts(), "BW-CLI-041", &args![path = path]).at(place)]);
    }
    let config = Config { dir: into.to_owned(), ..installation.config() };
    let place = dir.display().to_string();
    let done = block_on(async {
        let restored = bulwark_store::backup::restore(dir, keys, config).await;
        restored.map_err(|e| vec![e.diagnostic(&place)])
    });
    let done = done.map(|manifest| {
        digests(&manifest.tables, lang);
        line(summary("backup.restored", into, &manifest, lang));
        record::restored(installation.dir(), &manifest, SystemClock.now());
        Exit::Ok
    });
    ended(done, lang)
}

/// Moves the database to a server.
///
/// # Errors
/// Wrong usage.
pub fn migrate(command: Migrate, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let Migrate::SqliteToPostgres { url_file, which } = command;
    let installation = Installation::load(&which)?;
    if installation.settings.store.database != DatabaseKind::Sqlite {
        return Err(vec![diagnostic(texts(), "BW-CLI-042", &[]).at(installation.location())]);
    }
    let url = secret::read(&url_file).map_err(|note| vec![note])?;
    let done = block_on(async {
        installation.existing()?;
        // Opened for writing, so that nobody else writes meanwhile.
        let store = installation.open().await?;
        let moved = bulwark_store::backup::migrate(&store, &url).await;
        store.close().await;
        moved.map_err(|e| installation.failed(&e))
    });
    let done = done.map(|tables| {
        digests(&tables, lang);
        let values = args![file = url_file.display(), old = installation.config().database_file().display()];
        line(texts().text("backup.moved", &values).get(lang));
        Exit::Ok
    });
    ended(done, lang)
}

fn summary(key: &str, dir: &Path, manifest: &Manifest, lang: Lang) -> String {
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    let values = args![
        dir = dir.display(),
        tables = manifest.tables.len(),
        rows = rows,
        files = manifest.evidence_files,
        leaves = manifest.audit_leaves,
        root = manifest.audit_root
    ];
    texts().text(key, &values).get(lang).to_owned()
}

/// Tables that were compared; each stands here because both sides were equal.
fn digests(tables: &[TableDigest], lang: Lang) {
    let head = [say(lang, "表", "table"), say(lang, "筆數", "rows"), "SHA-256", ""];
    let row = |digest: &TableDigest| {
        let equal = say(lang, "相同", "equal");
        vec![digest.table.clone(), digest.rows.to_string(), digest.sha256.clone(), equal.to_owned()]
    };
    let rows: Vec<_> =
        std::iter::once(head.map(str::to_owned).to_vec()).chain(tables.iter().map(row)).collect();
    table(&rows);
}

fn unwritable(path: &Path) -> Diagnostic {
    diagnostic(texts(), "BW-CLI-021", &args![path = path.display()])
}
