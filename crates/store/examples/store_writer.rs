//! Writes until it is killed or done, and prints every write that was acknowledged: the child of the crash tests.
//!
//! `store_writer FOLDER COUNT [POSTGRES-URL]`

#![expect(clippy::print_stdout, reason = "the parent reads what was acknowledged")]

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use bulwark_model::FixedClock;
use bulwark_store::entity::organisation::organisation::{Entity, Model};
use bulwark_store::{Actor, Config, Database, Store, StoreError};

/// Writers at once.
const TASKS: usize = 16;

#[tokio::main]
async fn main() -> Result<(), StoreError> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dir, count, rest @ ..] = arguments.as_slice() else { return Ok(()) };
    let count: usize = count.parse().unwrap_or(0);
    let start = Instant::now();
    let mono = Arc::new(move || u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
    let clock = Arc::new(FixedClock::new(jiff::Timestamp::from_second(1_764_028_800).unwrap_or_default()));
    let mut config = Config::sqlite(dir, clock, mono);
    if let [url] = rest {
        config.database = Database::Postgres { url: url.clone() };
    }
    let store = Store::open(config).await?;
    println!("open");
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..count / TASKS {
                    let id = store.new_id()?;
                    let (code, created_at) = (id.to_string(), store.now());
                    let (name, kind) = (format!("{task}/{n}"), "agency".to_owned());
                    let row = Model::new(id, code, name, kind, created_at);
                    let written = store
                        .write(&Actor::system("crash"), |tx| {
                            Box::pin(async move {
                                tx.emit("organisation.created", &row.code)?;
                                tx.insert::<Entity>(row).await
                            })
                        })
                        .await;
                    match written {
                        Ok(row) => println!("{}", row.code),
                        Err(error) => println!("error {} {error}", error.code()),
                    }
                }
                Ok::<(), StoreError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.map_err(|_| StoreError::Panicked)??;
    }
    store.close().await;
    println!("done");
    let _ = std::io::stdout().flush();
    Ok(())
}
