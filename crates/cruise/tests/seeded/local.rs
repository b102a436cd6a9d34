//! Faults in what one machine and its databases say of themselves: facts of the machine, answers of
//! PostgreSQL and MariaDB servers, storage, and what a browser measured. They are changed one at a
//! time in evidence that is clean before.

use std::collections::BTreeMap;

use bulwark_probe::evidence::{
    Attempt, Blob, Body, Browser, DiskSample, FillPoint, Host, Listener, Mount, Mysql, Package, PgLog,
    PgRows, Postgres, Storage,
};
use bulwark_probe::failure::{Code, Failure, Step};

use super::stored::{Stored, plan_of};
use super::world::today;

faults! { FAULTS in Stored;
    "a system nobody supports any more" => "vuln.os-eol":
        |s| host(s).os_release = "ID=debian\nVERSION_ID=\"9\"\nPRETTY_NAME=\"Debian 9\"\n".into();
    "a service the plan does not declare" => "vuln.undeclared-services":
        |s| host(s).listeners.push(listener(8081));
    "a reboot is asked for" => "vuln.reboot-required": |s| host(s).reboot_required = true;
    "no update for 200 days" => "vuln.updates-stale":
        |s| host(s).packages_changed_s = Some(today().as_second() - 200 * DAY_S);
    "root may log in from afar" => "vuln.hardening": |s| {
        host(s).settings.insert("sshd.permitrootlogin".into(), "yes".into());
    };
    "nobody keeps the clock" => "architecture.time-sync": |s| {
        host(s).processes.clear();
        host(s).clock_synchronised = Some(false);
    };
    "a database listens everywhere" => "architecture.db-port-exposed", also "vuln.undeclared-services":
        |s| host(s).listeners.push(listener(3306));
    "the disk is full" => "data_mgmt.disk-fill": |s| host(s).mounts[0].free_bytes = 1 << 20;
    "the disk will be full in two weeks" => "data_mgmt.fill-forecast": |s| storage(s).fill = filling(70, 1);
    "reads take 150 ms" => "data_mgmt.storage-latency": |s| storage(s).read_us = vec![150_000; 100];
    "requests queue up at the disk" => "data_mgmt.storage-utilisation": |s| {
        let last = storage(s).samples.last_mut().expect("two samples");
        (last.read_ms, last.busy_ms) = (90_000, 9_900);
    };

    "the page paints after five seconds" => "end_user.lcp": |s| browser(s).lcp_ms = Some(5_000.0);
    "the page jumps" => "end_user.cls": |s| browser(s).cls = 0.4;
    "the first byte takes three seconds" => "end_user.fcp-ttfb": |s| browser(s).ttfb_ms = Some(3_000.0);
    "a script fails" => "end_user.console-errors":
        |s| browser(s).console_errors.push("Uncaught ReferenceError: start is not defined".into());

    "a release without support" => "db_io.version-support": |s| pg(s).version_num = 110_022;
    "the examining role is superuser" => "db_io.probe-role": |s| set(pg(s), "role", "superuser", "t");
    "plain text across the network" => "db_io.session-encryption": |s| {
        pg(s).server = "db.example.gov.tw:5432/app".into();
        set(pg(s), "session", "client_address", "10.0.0.9");
        set(pg(s), "session", "server_address", "10.0.0.5");
    };
    "a question overran its time" => "db_io.query-overrun": |s| {
        pg(s).queries.insert("largest_tables".into(), too_slow());
    };
    "97 of 97 places taken" => "db_io.connections": |s| set(pg(s), "connections", "used", "97");
    "a transaction open for hours" => "db_io.long-transactions":
        |s| add(pg(s), "transactions", "pid=7;xact_age_s=9000;state=active");
    "a session asleep in its transaction" => "db_io.idle-in-transaction":
        |s| add(pg(s), "idle_in_transaction", "pid=7;idle_s=700");
    "a session waits for another" => "db_io.blocked-locks":
        |s| add(pg(s), "blocked", "pid=7;blocked_by=8;waiting_s=90;locktype=relation;exact=t");
    "most sessions wait for locks" => "db_io.wait-events":
        |s| add(pg(s), "activity", "state=active;wait_event_type=Lock;sessions=19");
    "half of the blocks come from disk" => "db_io.cache-hit":
        |s| set(pg(s), "database", "blks_read", "400000");
    "a block takes 58 ms" => "db_io.read-latency": |s| set(pg(s), "database", "blk_read_time", "200000");
    "sorts spill to disk" => "db_io.temp-files": |s| set(pg(s), "database", "temp_bytes", "999999999999");
    "checkpoints are forced" => "db_io.checkpoints": |s| set(pg(s), "checkpoints", "requested", "600");
    "commits are not flushed" => "db_io.durability": |s| setting(pg(s), "fsync", "off");
    "transaction numbers run out" => "db_io.wraparound":
        |s| set(pg(s), "wraparound", "xid_age", "1700000000");
    "a table of dead rows" => "db_io.dead-tuples":
        |s| add(pg(s), "dead_tuples", "table=public.u;live=40000;dead=90000");
    "an index nobody uses" => "db_io.unused-indexes": |s| {
        // With a replica the index may be used there.
        pg(s).rows("replication").clear();
        add(pg(s), "indexes_unused", "index=u_i;table=u;bytes=99999999");
    };
    "an index twice" => "db_io.duplicate-indexes":
        |s| add(pg(s), "indexes_duplicate", "table=u;indexes=a, b;bytes=16384");
    "an index that failed to build" => "db_io.invalid-indexes":
        |s| add(pg(s), "indexes_invalid", "table=u;index=u_i;ready=f");
    "a large table read whole each time" => "db_io.sequential-scans":
        |s| add(pg(s), "sequential_scans", "table=u;seq_scan=5000;seq_tup_read=1000000000;live=200000");
    "a replica eleven minutes behind" => "db_io.replication-lag":
        |s| set(pg(s), "replication", "replay_lag_s", "700");
    "a slot keeps 20 GiB" => "db_io.replication-slots":
        |s| set(pg(s), "slots", "retained_bytes", "21474836480");
    "archiving fails" => "db_io.archiving": |s| set(pg(s), "archiver", "failing", "t");
    "a large table without key" => "db_io.primary-keys":
        |s| add(pg(s), "without_primary_key", "table=u;rows=7000");
    "hundreds of deadlocks a day" => "db_io.deadlocks": |s| set(pg(s), "database", "deadlocks", "9999");
    "log-ins leave no trace" => "db_io.log-settings": |s| setting(pg(s), "log_connections", "off");

    "the examining account may do everything" => "db_io.mysql-account":
        |s| add(my(s), "grants", "grant=ALL PRIVILEGES ON *.*");
    "a series without support" => "db_io.mysql-version": |s| my(s).version = "10.3.39-MariaDB".into();
    "plain text to the other machine" => "db_io.mysql-encryption": |s| {
        my(s).server = "db.example.gov.tw:3306/".into();
        my(s).tls = false;
    };
    "the log is flushed once a second" => "db_io.mysql-durability":
        |s| pair(my(s), "variables", "innodb_flush_log_at_trx_commit", "2");
    "a table without key" => "db_io.mysql-primary-keys": |s| add(my(s), "without_primary_key", "name=app/u");
    "a question was cut off" => "db_io.mysql-query-overrun": |s| {
        my(s).queries.insert("largest_tables".into(), too_slow());
    };
    "150 of 151 places taken" => "db_io.mysql-connections":
        |s| pair(my(s), "status_later", "Threads_connected", "150");
    "half of the pages come from disk" => "db_io.mysql-buffer-hit":
        |s| pair(my(s), "status_later", "Innodb_buffer_pool_reads", "500000");
    "a row is held" => "db_io.mysql-row-locks":
        |s| add(my(s), "transactions", "id=1;state=LOCK WAIT;waiting_s=61");
    "old rows pile up" => "db_io.mysql-history-list":
        |s| pair(my(s), "status_later", "Innodb_history_list_length", "2000000");
    "a transaction open for two hours" => "db_io.mysql-long-transactions":
        |s| add(my(s), "transactions", "id=1;state=RUNNING;age_s=7200");
    "temporary tables go to disk" => "db_io.mysql-temp-tables":
        |s| pair(my(s), "status_later", "Created_tmp_disk_tables", "15000");
    "replication stands still" => "db_io.mysql-replica-lag": |s| set(my(s), "replica", "sql_running", "No");
    "slow statements leave no trace" => "db_io.mysql-slow-log":
        |s| pair(my(s), "variables", "slow_query_log", "OFF");
}

const DAY_S: i64 = 86_400;

fn host(s: &mut Stored) -> &mut Host {
    s.hosts().next().expect("a machine")
}

fn storage(s: &mut Stored) -> &mut Storage {
    s.storage().next().expect("a folder")
}

fn browser(s: &mut Stored) -> &mut Browser {
    s.browsers().next().expect("a page")
}

fn pg(s: &mut Stored) -> &mut Postgres {
    s.postgres().next().expect("a server")
}

fn my(s: &mut Stored) -> &mut Mysql {
    s.mysql().next().expect("a server")
}

type Answers = BTreeMap<String, Attempt<PgRows>>;

/// A database server's answers by query.
trait Server {
    fn answers(&mut self) -> &mut Answers;

    fn rows(&mut self, query: &str) -> &mut Vec<BTreeMap<String, String>> {
        &mut self.answers().get_mut(query).expect(query).as_mut().expect("answered").rows
    }
}

impl Server for Postgres {
    fn answers(&mut self) -> &mut Answers {
        &mut self.queries
    }
}

impl Server for Mysql {
    fn answers(&mut self) -> &mut Answers {
        &mut self.queries
    }
}

/// Changes a column of the first row of a query.
fn set(server: &mut impl Server, query: &str, column: &str, value: &str) {
    server.rows(query)[0].insert(column.into(), value.into());
}

/// Adds a row, `a=1;b=two words`.
fn add(server: &mut impl Server, query: &str, row: &str) {
    let columns = row.split(';').filter_map(|column| column.split_once('='));
    server.rows(query).push(columns.map(|(k, v)| (k.to_owned(), v.to_owned())).collect());
}

/// Sets the value beside a name.
fn pair(server: &mut impl Server, query: &str, name: &str, value: &str) {
    named(server, query, name, "value", value);
}

fn setting(server: &mut impl Server, name: &str, value: &str) {
    named(server, "settings", name, "setting", value);
}

fn named(server: &mut impl Server, query: &str, name: &str, column: &str, value: &str) {
    let row = server.rows(query).iter_mut().find(|row| row.get("name").is_some_and(|n| n == name));
    row.expect(name).insert(column.into(), value.into());
}

fn too_slow() -> Attempt<PgRows> {
    Err(Failure::new(Step::Query, Code::QueryTooSlow, "2 s"))
}

fn listener(port: u16) -> Listener {
    Listener { protocol: "tcp".into(), address: "0.0.0.0".into(), port, process: Some("x".into()) }
}

fn clean_host() -> Host {
    Host {
        hostname: "srv".into(),
        os_release: "ID=debian\nVERSION_ID=\"13\"\nPRETTY_NAME=\"Debian GNU/Linux 13\"\n".into(),
        kernel: "6.12.0".into(),
        uptime_s: 86400,
        mounts: vec![Mount {
            path: "/".into(),
            fs: "ext4".into(),
            total_bytes: 100 << 30,
            free_bytes: 60 << 30,
            total_inodes: 1_000_000,
            free_inodes: 900_000,
        }],
        processes: vec!["chronyd".into(), "unattended-upgr".into()],
        packages: [
            "chrony",
            "needrestart",
            "reboot-notifier",
            "unattended-upgrades",
            "update-notifier-common",
        ]
        .map(|n| Package { manager: "dpkg".into(), name: n.into(), version: "1".into() })
        .to_vec(),
        clock_synchronised: Some(true),
        settings: BTreeMap::from([
            ("sshd.permitrootlogin".to_owned(), "no".to_owned()),
            ("sshd.passwordauthentication".to_owned(), "no".to_owned()),
        ]),
        packages_changed_s: Some(today().as_second() - 5 * 86400),
        ..Host::default()
    }
}

/// What a real server answered, its few findings put right, with some work behind it.
fn clean_postgres() -> Postgres {
    let mut server: Postgres = serde_json::from_str(include_str!("../../src/checks/db_io/real/pg18.json"))
        .expect("a recorded answer");
    server.version_num = 180_099;
    server.rows("indexes_duplicate").clear();
    server.rows("indexes_unused").clear();
    set(&mut server, "database", "counted_s", "4000000");
    set(&mut server, "checkpoints", "timed", "500");
    set(&mut server, "archiver", "archived_age_s", "30");
    add(&mut server, "replication", "application_name=r;state=streaming;replay_lag_s=1");
    add(&mut server, "activity", "state=active;sessions=9");
    for (name, value) in [
        ("archive_mode", "on"),
        ("log_connections", "on"),
        ("log_disconnections", "on"),
        ("log_line_prefix", "%m [%p] %q%u@%d client=%h "),
        ("log_lock_waits", "on"),
        ("log_min_duration_statement", "1000"),
        ("log_temp_files", "10240"),
        ("logging_collector", "on"),
    ] {
        setting(&mut server, name, value);
    }
    server
}

/// What a real server answered, its few findings put right, with some work behind it.
fn clean_mariadb() -> Mysql {
    let mut server: Mysql = serde_json::from_str(include_str!("../../src/checks/db_io/real/mariadb10.json"))
        .expect("a recorded answer");
    server.rows("without_primary_key").clear();
    for (name, value) in [
        ("innodb_flush_log_at_trx_commit", "1"),
        ("log_bin", "ON"),
        ("slow_query_log", "ON"),
        ("sync_binlog", "1"),
    ] {
        pair(&mut server, "variables", name, value);
    }
    for (name, value) in [
        ("Created_tmp_tables", "20000"),
        ("Created_tmp_disk_tables", "100"),
        ("Innodb_buffer_pool_read_requests", "1000000"),
        ("Innodb_buffer_pool_reads", "400"),
    ] {
        pair(&mut server, "status_later", name, value);
    }
    add(&mut server, "replica", "io_running=Yes;sql_running=Yes;lag_s=1");
    server
}

/// Three weeks of days, ending now: percent in use on the first, and how much a day adds.
fn filling(percent: u64, a_day: u64) -> Vec<FillPoint> {
    let point = |day: u32| FillPoint {
        at_s: today().as_second() - i64::from(20 - day) * DAY_S,
        used_bytes: (percent + a_day * u64::from(day)) << 30,
        total_bytes: 100 << 30,
    };
    (0..=20).map(point).collect()
}

fn clean_storage() -> Storage {
    let sample = |at_ms, reads, read_ms, busy_ms| DiskSample {
        at_ms,
        reads,
        read_ms,
        writes: 0,
        write_ms: 0,
        in_flight: 0,
        busy_ms,
    };
    Storage {
        path: "/srv/data".into(),
        device: Some("sda".into()),
        samples: vec![sample(0, 0, 0, 0), sample(10_000, 1_000, 500, 600)],
        read_us: vec![400; 100],
        direct: true,
        fill: filling(40, 0),
        ..Storage::default()
    }
}

fn clean_browser() -> Browser {
    Browser {
        url: "https://www.clean.test/".into(),
        product: "Chromium".into(),
        lcp_ms: Some(900.0),
        fcp_ms: Some(500.0),
        cls: 0.01,
        ttfb_ms: Some(80.0),
        load_ms: Some(1_000.0),
        requests: 3,
        refused: Vec::new(),
        console_errors: Vec::new(),
        screenshot: Blob(Vec::new()),
    }
}

/// The log of a server that logs what it should; beside its settings a silent log is good news.
fn clean_server_log() -> PgLog {
    PgLog {
        path: "/var/log/postgresql/main.json".into(),
        format: "jsonlog".into(),
        entries: 900,
        lines: 900,
        first_ms: Some((today().as_second() - DAY_S) * 1_000),
        last_ms: Some(today().as_second() * 1_000),
        ..PgLog::default()
    }
}

/// The machine as it should be.
pub fn clean() -> Stored {
    let plan = plan_of("this_machine = true\n[[scope.host]]\nname = \"srv\"\nports = [22]\n");
    Stored { plan, records: Vec::new(), taken_at: today() }
        .with("self", Body::Host(Box::new(clean_host())))
        .with("main", Body::Postgres(clean_postgres()))
        .with("/var/log/postgresql/main.json", Body::PgLog(clean_server_log()))
        .with("people", Body::Mysql(clean_mariadb()))
        .with("/srv/data", Body::Storage(clean_storage()))
        .with("https://www.clean.test/", Body::Browser(clean_browser()))
}
