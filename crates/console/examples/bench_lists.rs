//! What `cargo xtask bench cases` measures of lists: the public list of organisations read, planned and written with its
//! tree, and words of two characters looked for among 100,000 names.
//!
//! `cargo run --release -p bulwark-console --example bench_lists -- LIST.csv`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench for people"
)]

use std::sync::Arc;
use std::time::Instant;

use bulwark_console::organisations::{change, known};
use bulwark_inventory::organisation::{Columns, plan, read};
use bulwark_model::Clock;
use bulwark_sheet::Limits;
use bulwark_store::{Actor, Config, OrganisationFacts, OrganisationStep, PageRequest, Store};

struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn sleep(&self, _: std::time::Duration) {}
}

const NAMES: usize = 100_000;
/// Parts of which the names are made.
const PARTS: [&str; 24] = [
    "內政", "財政", "教育", "法務", "經濟", "交通", "勞動", "農業", "衛生", "環境", "文化", "數位", "資訊",
    "警政", "消防", "移民", "地政", "戶政", "役政", "民政", "水利", "能源", "標準", "統計",
];
const ENDS: [&str; 8] = ["局", "處", "科", "室", "中心", "分署", "大隊", "委員會"];

async fn store(dir: &std::path::Path, name: &str) -> Store {
    let start = Instant::now();
    let mono = Arc::new(move || u64::try_from(start.elapsed().as_micros()).unwrap());
    Store::open(Config::sqlite(dir.join(name), Arc::new(MachineClock), mono)).await.unwrap()
}

#[tokio::main]
async fn main() {
    let list = std::env::args().nth(1).expect("the list");
    let dir = tempfile::tempdir_in(".").unwrap();
    let day: jiff::civil::Date = "2026-11-25".parse().unwrap();

    let register = store(dir.path(), "import").await;
    let begun = Instant::now();
    let bytes = std::fs::read(&list).unwrap();
    let (table, _) = bulwark_sheet::read(&list, &bytes, &Limits::default()).unwrap();
    let columns = Columns::guess(&table.header).unwrap();
    let rows = table.rows.iter().map(|row| (row.cells.as_slice(), row.line));
    let rows = read(&columns, "", rows);
    let plan = plan(&known(&register, day).await.unwrap().bodies, &rows);
    let (count, orphans) = (plan.counts.added, plan.orphans.len());
    change(&register, &Actor::system("bench"), day, plan.steps, Vec::new()).await.unwrap();
    println!("import_s {:.3}", begun.elapsed().as_secs_f64());
    println!("import_rows {count}\nimport_orphans {orphans}");
    register.close().await;

    let names = store(dir.path(), "names").await;
    let name = |n: usize| {
        let part = |n: usize| PARTS[n % PARTS.len()];
        format!("{}{}{}第{}{}", part(n), part(n / 24 + 7), part(n / 576 + 3), n % 97, ENDS[n % ENDS.len()])
    };
    let add = |n: usize| OrganisationStep::Add {
        code: format!("n{n}"),
        name: name(n),
        parent: None,
        facts: OrganisationFacts::default(),
    };
    let actor = Actor::system("bench");
    for from in (0..NAMES).step_by(10_000) {
        let steps = (from..from + 10_000).map(add).collect();
        let work =
            names.write(&actor, move |tx| Box::pin(async move { tx.change_organisations(steps, day).await }));
        work.await.unwrap();
    }
    let mut times = Vec::new();
    let mut found = 0;
    for round in 0..20 {
        for part in PARTS {
            let query = if round % 2 == 0 { part.to_owned() } else { part.chars().rev().collect() };
            let begun = Instant::now();
            found += names.search("organisation", &query, 50).await.unwrap().len();
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    println!("search_p95_ms {:.3}", times[times.len() * 95 / 100]);
    println!("search_found {found}");
    let mut times = Vec::new();
    for part in PARTS {
        let begun = Instant::now();
        names
            .organisations(Some(part), None, PageRequest { rows: 50, ..PageRequest::default() })
            .await
            .unwrap();
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    println!("page_p95_ms {:.3}", times[times.len() * 95 / 100]);
    names.close().await;
}
