//! How fast the store is on this machine: durable acknowledged writes with audit, and the verification of a long log.
//!
//! `cargo run --release -p bulwark-store --example bench_store -- [WRITES] [LEAVES] [TASKS]`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints, and stops at the first failure"
)]

use std::sync::Arc;
use std::time::Instant;

use bulwark_model::Clock;
use bulwark_store::entity::organisation::organisation::{Entity, Model};
use bulwark_store::{Actor, Config, Store, StoreError, audit};

struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "a benchmark runs in real time")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn sleep(&self, _: std::time::Duration) {}
}

#[tokio::main]
async fn main() -> Result<(), StoreError> {
    let number = |n: usize, default: usize| std::env::args().nth(n).map_or(default, |a| a.parse().unwrap());
    let (writes, leaves, tasks) = (number(1, 20_000), number(2, 1_000_000), number(3, 64));
    let dir = tempfile::tempdir_in(".").unwrap();
    let start = Instant::now();
    let mono = Arc::new(move || u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
    let store = Store::open(Config::sqlite(dir.path(), Arc::new(MachineClock), mono)).await?;

    let begun = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..writes / tasks {
                    let row = row(&store, &format!("{task}-{n}"))?;
                    store
                        .write(&Actor::system("bench"), |tx| {
                            Box::pin(async move {
                                tx.emit("organisation.created", &row.code)?;
                                tx.insert::<Entity>(row).await
                            })
                        })
                        .await?;
                }
                Ok::<(), StoreError>(())
            })
        })
        .collect();
    for task in running {
        task.await.unwrap()?;
    }
    let (done, seconds) = (writes / tasks * tasks, begun.elapsed().as_secs_f64());
    let commits = store.commits();
    let (rate, each) = (ratio(done) / seconds, ratio(done) / ratio(usize::try_from(commits).unwrap_or(1)));
    println!(
        "{done} writes with audit, {tasks} tasks: {rate:.0}/s, {commits} commits, {each:.1} writes per commit"
    );

    let begun = Instant::now();
    let lone = 500;
    for n in 0..lone {
        let row = row(&store, &format!("lone-{n}"))?;
        store
            .write(&Actor::system("bench"), |tx| Box::pin(async move { tx.insert::<Entity>(row).await }))
            .await?;
    }
    println!("one task: {:.0} writes/s", ratio(lone) / begun.elapsed().as_secs_f64());

    let mut left = leaves.saturating_sub(done + lone);
    while left > 0 {
        let now = left.min(10_000);
        store
            .write(&Actor::system("bench"), move |tx| {
                Box::pin(async move {
                    (0..now).for_each(|n| tx.audit("bench.fill", &format!("bench/{n}"), None, None));
                    Ok(())
                })
            })
            .await?;
        left -= now;
    }
    store.checkpoint().await?;
    let begun = Instant::now();
    let report = audit::verify(&store, &store.config().audit_file(), &[]).await?;
    println!(
        "verified {} leaves in {:.2} s, bad: {:?}",
        report.leaves,
        begun.elapsed().as_secs_f64(),
        report.bad
    );
    let begun = Instant::now();
    audit::prove(&store, "bench/7").await?;
    println!("proof in {:.2} s", begun.elapsed().as_secs_f64());
    store.close().await;
    Ok(())
}

fn row(store: &Store, code: &str) -> Result<Model, StoreError> {
    let (code, name, kind) = (code.to_owned(), format!("{code} 機關"), "agency".to_owned());
    let (id, created_at) = (store.new_id()?, store.now());
    Ok(Model::new(id, code, name, kind, created_at))
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn ratio(n: usize) -> f64 {
    n as f64
}
