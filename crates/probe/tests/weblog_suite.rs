//! Counts of a real Apache access log (5,000 lines) against those of other tools.
//!
//! The expected numbers were taken with GoAccess 1.7 (`--log-format=COMBINED`: requests, failed lines, bytes,
//! status codes) and with Perl (one regular expression for the whole line: minutes, error paths, referrers of
//! 404 answers with query and fragment cut off). Where both count the same thing they agree.

use bulwark_probe::evidence::AccessLog;
use bulwark_probe::log::io;
use bulwark_testkit::shared_data;

const LOG: &str = "weblog/apache_combined_5000.log";
const PUPPET_2012: &str = "http://semicomplete.com/presentations/logstash-puppetconf-2012/";
const PUPPET_2013: &str = "http://semicomplete.com/presentations/logstash-puppetconf-2013/";

/// Counts as lines of text: name and value.
fn told(log: &AccessLog) -> Vec<(&'static str, String)> {
    let first = |list: &[(String, u64)], n: usize| {
        list.iter().take(n).map(|(k, n)| format!("{n} {k}")).collect::<Vec<_>>().join(" | ")
    };
    vec![
        ("format", log.format.clone()),
        ("lines", log.lines.to_string()),
        ("bad lines", log.bad_lines.to_string()),
        ("bytes", log.bytes_sent.to_string()),
        ("statuses", log.statuses.iter().map(|(s, n)| format!("{s}={n}")).collect::<Vec<_>>().join(" ")),
        ("first", log.first_s.unwrap_or(0).to_string()),
        ("last", log.last_s.unwrap_or(0).to_string()),
        (
            "busiest minutes",
            log.busiest_minutes.iter().map(|(m, n)| format!("{m}={n}")).collect::<Vec<_>>().join(" "),
        ),
        ("median a minute", log.median_per_minute.to_string()),
        ("error paths", first(&log.error_paths, 20)),
        ("referrers", log.broken_referrers.len().to_string()),
        ("top referrers", first(&log.broken_referrers, 4)),
        ("links", log.broken_links.len().to_string()),
        (
            "top links",
            log.broken_links
                .iter()
                .take(5)
                .map(|(a, b, n)| format!("{n} {a} {b}"))
                .collect::<Vec<_>>()
                .join(" | "),
        ),
        ("slow paths", log.slow_paths.len().to_string()),
        ("pruned", log.pruned.to_string()),
        ("cut short", format!("{:?}", log.cut_short)),
    ]
}

fn expected() -> Vec<(&'static str, String)> {
    // 17/May/2015 00:00 UTC, and hours at minute 5 of that day and the next two.
    let minute = |day: i64, hour: i64| 1_431_820_800 + day * 86_400 + hour * 3_600 + 300;
    let busiest = [
        (minute(1, 15), 133),
        (minute(1, 10), 132),
        (minute(1, 17), 132),
        (minute(1, 21), 130),
        (minute(0, 20), 129),
        (minute(0, 16), 126),
        (minute(0, 15), 125),
        (minute(1, 2), 125),
        (minute(1, 5), 125),
        (minute(2, 2), 125),
    ];
    let font = "/presentations/logstash-puppetconf-2013/css/font/fontawesome-webfont";
    [
        ("format", "combined".to_owned()),
        ("lines", "5000".to_owned()),
        ("bad lines", "0".to_owned()),
        ("bytes", "1312869333".to_owned()),
        ("statuses", "200=4450 206=21 301=113 304=305 403=1 404=108 500=2".to_owned()),
        ("first", minute(0, 10).to_string()),
        ("last", (minute(2, 3) + 59).to_string()),
        ("busiest minutes", busiest.map(|(m, n)| format!("{m}={n}")).join(" ")),
        // 42 of 2,461 minutes have requests.
        ("median a minute", "0".to_owned()),
        ("error paths", "2 /misc/Title.php.txt".to_owned()),
        ("referrers", "10".to_owned()),
        (
            "top referrers",
            format!(
                "12 {PUPPET_2012} | 6 {PUPPET_2013} | 2 http://www.semicomplete.com/blog/tags/tools | 2 http://www.semicomplete.com/misc/sample.log"
            ),
        ),
        ("links", "14".to_owned()),
        (
            "top links",
            format!(
                "11 {PUPPET_2012} /presentations/logstash-puppetconf-2012/images/office-space-printer-beat-down-gif.gif | 2 {PUPPET_2013} {font}.svg | 2 {PUPPET_2013} {font}.ttf | 2 {PUPPET_2013} {font}.woff | 2 http://www.semicomplete.com/misc/sample.log /wp-login.php"
            ),
        ),
        ("slow paths", "0".to_owned()),
        ("pruned", "false".to_owned()),
        ("cut short", "None".to_owned()),
    ]
    .into()
}

#[test]
fn a_real_log_is_counted_as_other_tools_count_it() {
    let Some(data) = shared_data("monitor") else { return };
    let path = data.join(LOG).display().to_string();
    let log = io::access(&path).expect("readable");
    assert_eq!(log.path, path);
    let (got, want) = (told(&log), expected());
    let mut right = 0;
    for (g, w) in got.iter().zip(&want) {
        if g == w {
            right += 1;
        } else {
            println!("{}: got {}, want {}", g.0, g.1, w.1);
        }
    }
    println!("weblog: {right}/{}", want.len());
    assert_eq!(right, want.len());
}

#[test]
fn the_same_log_compressed_says_the_same() {
    use std::io::Write as _;
    let Some(data) = shared_data("monitor") else { return };
    let plain = data.join(LOG);
    let bytes = std::fs::read(&plain).expect("readable");
    let folder = tempfile::tempdir().expect("a folder");
    let packed = folder.path().join("access.log.gz");
    let file = std::fs::File::create(&packed).expect("writable");
    let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gz.write_all(&bytes).and_then(|()| gz.finish().map(drop)).expect("written");
    let of = |path: &std::path::Path| {
        let log = io::access(&path.display().to_string()).expect("readable");
        AccessLog { path: String::new(), ..log }
    };
    assert_eq!(of(&packed), of(&plain));
    // Broken off half way: counted as far as it goes, and said to be.
    let whole = std::fs::read(&packed).expect("readable");
    std::fs::write(&packed, &whole[..whole.len() / 2]).expect("writable");
    let half = of(&packed);
    assert!(half.cut_short.is_some() && half.lines > 1000 && half.lines < 5000, "{half:?}");
}
