//! `bulwark audit`: verify, prove, export.

use std::path::{Path, PathBuf};

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Exit, Lang};
use bulwark_store::audit::{self, Bad, Fault, Report};

use crate::cli::Audit;
use crate::config::Which;
use crate::installation::{Installation, block_on, ended};
use crate::local::{Request, ask};
use crate::print::line;
use crate::texts::{diagnostic, texts};

/// Runs the command.
///
/// # Errors
/// Wrong usage.
pub fn main(command: Audit, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let done = match command {
        Audit::Verify { which, from } => verify(&which, &from, lang),
        Audit::Prove { object, which } => prove(&which, &object),
        Audit::Export { out, which } => export(&which, &out, lang),
    };
    ended(done, lang)
}

fn verify(which: &Which, from: &[PathBuf], lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let installation = Installation::load(which)?;
    installation.existing()?;
    let known = from.iter().map(|path| note(path)).collect::<Result<Vec<_>, _>>()?;
    let report = block_on(async {
        let store = installation.inspect().await?;
        let file = installation.config().audit_file();
        let report = audit::verify(&store, &file, &known).await.map_err(|e| installation.failed(&e));
        store.close().await;
        report
    })?;
    line(verdict(&report, lang));
    Ok(if report.bad.is_some() { Exit::Findings } else { Exit::Ok })
}

/// A report in one sentence.
pub fn verdict(report: &Report, lang: Lang) -> String {
    let Report { leaves, root, roots, bad } = report;
    let text = match bad {
        None => texts().text("audit.ok", &args![leaves = leaves, root = root, roots = roots]),
        Some(Bad { seq, fault }) => texts().text(&format!("audit.{}", word(*fault)), &args![seq = seq]),
    };
    text.get(lang).to_owned()
}

/// The key of a fault's sentence.
const fn word(fault: Fault) -> &'static str {
    match fault {
        Fault::DatabaseAltered => "database_altered",
        Fault::FileAltered => "file_altered",
        Fault::Differ => "differ",
        Fault::DatabaseShort => "database_short",
        Fault::FileShort => "file_short",
        Fault::RootDiffers => "root_differs",
        Fault::RootAhead => "root_ahead",
        Fault::SignatureWrong => "signature_wrong",
    }
}

/// A signed root that was kept elsewhere.
fn note(path: &Path) -> Result<String, Vec<Diagnostic>> {
    let unreadable = |e| vec![diagnostic(texts(), "BW-CLI-022", &args![path = path.display()]).because(e)];
    std::fs::read_to_string(path).map_err(unreadable)
}

fn prove(which: &Which, object: &str) -> Result<Exit, Vec<Diagnostic>> {
    let installation = Installation::load(which)?;
    let proof = block_on(async {
        // What was done since the last signed root belongs to the proof, too.
        ask(&installation, &Request::Checkpoint).await?;
        let store = installation.inspect().await?;
        let proof = audit::prove(&store, object).await.map_err(|e| installation.failed(&e));
        store.close().await;
        proof
    })?;
    line(format!("{proof:#}"));
    Ok(Exit::Ok)
}

fn export(which: &Which, out: &Path, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let installation = Installation::load(which)?;
    let export = block_on(async {
        ask(&installation, &Request::Checkpoint).await?;
        let store = installation.inspect().await?;
        let export = audit::export(&store, out).await.map_err(|e| installation.failed(&e));
        store.close().await;
        export
    })?;
    let values = args![leaves = export.leaves, root = export.root, dir = out.display()];
    line(texts().text("audit.exported", &values).get(lang));
    Ok(Exit::Ok)
}
