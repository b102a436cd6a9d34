//! A health report as it comes from a real run: seven domains, all severities, a previous run.

mod chapters;

use bulwark_model::{
    Change, Diagnostic, Domain, Effort, Finding, FindingState, Intensity, Location, ProtectionLevel,
    Severity, SystemClass, Text, Verdict,
};
use bulwark_report::document::{
    Approval, Chapter, CheckLine, Comparison, EvidenceLine, HealthReport, Run, ScopeLine, SystemFacts, Tool,
};

/// A 1 × 1 pixel PNG.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xb0\x89\xd8\x02\0\x02\x2b\x01\x30\x36\xa7\x88\xcc\0\0\0\0IEND\xaeB`\x82";

pub fn text(zh: &str, en: &str) -> Text {
    Text::new(zh, en)
}

pub fn time(s: &str) -> jiff::Timestamp {
    s.parse().expect("a time")
}

fn day(s: &str) -> jiff::civil::Date {
    s.parse().expect("a date")
}

/// A result; `title` and `message` are `zh|en`.
pub fn check(
    id: &str,
    title: &str,
    verdict: Verdict,
    asset: &str,
    message: &str,
    standard: &str,
) -> CheckLine {
    CheckLine {
        id: id.into(),
        title: split(title),
        verdict,
        severity: match verdict {
            Verdict::Fail => Some(Severity::Medium),
            Verdict::Warn => Some(Severity::Low),
            _ => None,
        },
        asset: asset.into(),
        message: split(message),
        excerpt: String::new(),
        evidence: vec!["E-0001".into()],
        standard: standard.into(),
    }
}

fn split(s: &str) -> Text {
    let (zh, en) = s.split_once('|').unwrap_or((s, s));
    text(zh, en)
}

fn chapter(domain: Domain, score: Option<u8>, results: Vec<CheckLine>) -> Chapter {
    Chapter { domain, score, results, figures: Vec::new() }
}

/// A system of which nothing could be looked at.
pub fn empty() -> HealthReport {
    HealthReport {
        run: Run {
            id: "HC-115-000043".into(),
            started_at: time("2026-11-23T06:00:00Z"),
            finished_at: time("2026-11-23T06:00:00Z"),
            judged_at: time("2026-11-23T06:00:00Z"),
            tool_version: "0.1.0".into(),
            plan_sha256: String::new(),
            intensity: Intensity::Low,
            complete: false,
            items_done: 0,
            items_planned: 40,
            classification: text("普通", "Normal"),
        },
        system: SystemFacts {
            name: "空白系統".into(),
            agency: "內政部戶政司".into(),
            class: SystemClass::Operational,
            level: ProtectionLevel::Basic,
            cia: [ProtectionLevel::Basic; 3],
            background: Vec::new(),
            approval: None,
        },
        scope: Vec::new(),
        chapters: Domain::ALL.iter().map(|d| chapter(*d, None, Vec::new())).collect(),
        findings: Vec::new(),
        comparison: None,
        limits: Vec::new(),
        diagnostics: Vec::new(),
        evidence: Vec::new(),
        tools: Vec::new(),
    }
}

/// The realistic one.
pub fn sample() -> HealthReport {
    let mut doc = empty();
    doc.run = Run {
        id: "HC-115-000042".into(),
        started_at: time("2026-11-23T01:02:11Z"),
        finished_at: time("2026-11-23T03:41:58Z"),
        judged_at: time("2026-11-23T03:42:10Z"),
        tool_version: "0.1.0".into(),
        plan_sha256: "9f2c51d07be4a86c3310e5d2b7f4a9086c1d35e7f8b20a94c6d1e3f57a8b9c02".into(),
        intensity: Intensity::Low,
        complete: false,
        items_done: 38,
        items_planned: 41,
        classification: text("密", "Restricted"),
    };
    doc.system = system();
    doc.scope = vec![
        ScopeLine { kind: text("網址", "URL"), value: "https://case.tpc.moj.example/".into() },
        ScopeLine { kind: text("主機", "Host"), value: "198.51.100.20 (case-web-01)".into() },
        ScopeLine { kind: text("網域", "Domain"), value: "tpc.moj.example".into() },
        ScopeLine { kind: text("資料庫", "Database"), value: "case-db-01:5432/casework".into() },
    ];
    doc.chapters = chapters::chapters();
    doc.findings = findings();
    doc.comparison = Some(Comparison {
        previous_finished_at: time("2025-11-20T05:12:00Z"),
        previous_scores: vec![Some(58), Some(80), Some(91), None, Some(76), Some(70), Some(41)],
        fixed: vec![
            finding(
                90,
                "network.dnssec",
                Domain::Network,
                Severity::Medium,
                "tpc.moj.example",
                "網域未啟用 DNSSEC|The domain has no DNSSEC",
            ),
            finding(
                91,
                "data_mgmt.cookie_secure",
                Domain::DataMgmt,
                Severity::Low,
                "https://case.tpc.moj.example/",
                "工作階段 Cookie 未加 Secure 屬性|The session cookie lacks Secure",
            ),
        ],
        not_retested: vec![finding(
            92,
            "vuln.admin_page",
            Domain::Vuln,
            Severity::High,
            "https://case.tpc.moj.example:8443/",
            "管理介面可由網際網路連線|The administration page is open to the internet",
        )],
    });
    doc.limits = vec![
        text(
            "未比對弱點資料庫，本報告不含已知弱點（CVE）的比對結果。",
            "No vulnerability database was matched; known vulnerabilities (CVE) are not part of this report.",
        ),
        text(
            "資料庫檢查使用唯讀帳號，未能讀取索引統計。",
            "Database checks used a read-only account and could not read index statistics.",
        ),
    ];
    doc.diagnostics = vec![
        Diagnostic::new(
            "BW-PROBE-014",
            text("連線 case-db-01:5432 逾時（5 秒）", "connecting to case-db-01:5432 timed out (5 s)"),
            text(
                "確認防火牆允許檢測主機連線，再以「續檢」補測",
                "Let the checking host through the firewall, then resume the run",
            ),
        )
        .at(Location::Named("case-db-01:5432".into()))
        .because("connection timed out (os error 110)"),
    ];
    doc.evidence = (1..=14)
        .map(|n| EvidenceLine {
            id: format!("E-{n:04}"),
            kind: ["tls_versions", "http_response", "dns_records", "page_timing"][n % 4].into(),
            subject: ["case.tpc.moj.example:443", "https://case.tpc.moj.example/", "tpc.moj.example"][n % 3]
                .into(),
            at: time("2026-11-23T01:02:11Z")
                + jiff::SignedDuration::from_secs(i64::try_from(n).expect("small") * 93),
            sha256: format!("{:064x}", 0x9e37_79b9_7f4a_7c15_u128 * n as u128 * 0x1000_0000_0000_0001),
            bytes: 412 * n as u64,
        })
        .collect();
    doc.tools = vec![
        Tool { name: "bulwark".into(), version: "0.1.0".into() },
        Tool { name: "Chromium".into(), version: "142.0.7444.59".into() },
    ];
    doc
}

fn system() -> SystemFacts {
    SystemFacts {
        name: "案件管理與線上聲請系統".into(),
        agency: "臺灣臺北地方檢察署檢察官辦公室資訊室".into(),
        class: SystemClass::Critical,
        level: ProtectionLevel::High,
        cia: [ProtectionLevel::High, ProtectionLevel::High, ProtectionLevel::Medium],
        background: vec![
            (text("業務項目", "Business"), Some("刑事案件線上聲請、進度查詢與卷證調閱".into())),
            (
                text("利害關係人", "Stakeholders"),
                Some("檢察官、書記官、律師、民眾（每月約 42,000 人次）".into()),
            ),
            (text("資通安全等級", "Security level"), Some("高".into())),
            (text("資訊傳輸電路", "Circuit"), Some("GSN 300 Mbps，雙路由".into())),
            (text("機房所在地", "Data centre"), None),
            (text("伺服器類型", "Server type"), Some("虛擬機 6 部（VMware）".into())),
            (text("作業系統", "Operating system"), Some("Ubuntu 22.04 LTS".into())),
            (text("維運主管機關與主辦人員", "Operating agency and contact"), Some("資訊室 林主任".into())),
            (text("維運廠商", "Vendor"), None),
        ],
        approval: Some(Approval { by: "資訊室 林○○ 主任".into(), on: day("2026-11-16") }),
    }
}

/// A finding; `title` is `zh|en`.
pub fn finding(n: u32, id: &str, domain: Domain, severity: Severity, asset: &str, title: &str) -> Finding {
    let due = match severity {
        Severity::High => "2026-12-07",
        Severity::Medium => "2026-12-23",
        Severity::Low => "2027-02-21",
        Severity::Advice => "2027-05-22",
    };
    Finding {
        fingerprint: format!("{:016x}", 0x51ed_270b_7a3f_0000_u64 + u64::from(n)),
        check: id.into(),
        domain,
        severity,
        severity_rule: text(
            "系統防護需求為高，依規則升一級。",
            "The system's protection level is high: one step up by rule.",
        ),
        state: FindingState::Open,
        change: Some(Change::StillOpen),
        asset: asset.into(),
        title: split(title),
        why: text("攻擊者可藉此取得或竄改傳輸中的資料。", "An attacker could read or alter data on the way."),
        excerpt: String::new(),
        evidence: vec!["E-0003".into(), "E-0004".into()],
        remedy: text(
            "依建議設定調整，並於測試環境確認後上線。",
            "Change the setting, try it in the test environment, then put it into service.",
        ),
        effort: Effort::Small,
        owner: "資訊室 林主任".into(),
        due: day(due),
        standard: "資通系統防護基準".into(),
    }
}

fn findings() -> Vec<Finding> {
    let web = "https://case.tpc.moj.example/";
    let mut all = vec![
        finding(
            1,
            "vuln.git_exposed",
            Domain::Vuln,
            Severity::High,
            "https://case.tpc.moj.example/.git/HEAD",
            "網站可下載版本控管目錄，內含原始碼與設定|The web site serves its version control directory with source code and settings",
        ),
        finding(
            2,
            "network.tls_version",
            Domain::Network,
            Severity::High,
            "case.tpc.moj.example:443",
            "網站仍接受已淘汰的 TLS 1.0 與 TLS 1.1|The web site still accepts TLS 1.0 and TLS 1.1",
        ),
        finding(
            3,
            "network.spf_dmarc",
            Domain::Network,
            Severity::Medium,
            "tpc.moj.example",
            "冒用機關網域的郵件不會被攔阻|Mail that forges the agency's domain is not stopped",
        ),
        finding(
            4,
            "data_mgmt.csp",
            Domain::DataMgmt,
            Severity::Medium,
            web,
            "網站沒有內容安全政策|The web site has no Content Security Policy",
        ),
        finding(
            5,
            "end_user.a11y",
            Domain::EndUser,
            Severity::Medium,
            web,
            "12 個欄位沒有標籤，螢幕閱讀軟體無法說明|12 fields have no label for screen readers",
        ),
        finding(
            6,
            "network.cert_expiry",
            Domain::Network,
            Severity::Low,
            "case.tpc.moj.example:443",
            "憑證將於 21 日後到期|The certificate expires in 21 days",
        ),
        finding(
            7,
            "vuln.dir_listing",
            Domain::Vuln,
            Severity::Low,
            "https://case.tpc.moj.example/uploads/",
            "上傳目錄可列出檔名|File names in the upload directory are listed",
        ),
        finding(
            8,
            "architecture.server_header",
            Domain::Architecture,
            Severity::Advice,
            web,
            "回應標頭揭露伺服器版本|A response header discloses the server version",
        ),
    ];
    all[0].why = text(
        "任何人都可下載原始碼，其中的帳號、金鑰與弱點一覽無遺，可直接用來入侵系統。",
        "Anyone can download the source code with its accounts, keys and weaknesses and use them to break in.",
    );
    all[0].excerpt = "GET /.git/HEAD HTTP/1.1\n\nHTTP/1.1 200 OK\nContent-Type: application/octet-stream\n\nref: refs/heads/master".into();
    all[0].remedy = text(
        "立即於網頁伺服器拒絕 .git 路徑，將版本控管目錄移出網站根目錄，並更換曾寫入原始碼的密碼與金鑰。",
        "Deny the path .git at once, move the directory out of the web root, and replace every password and key that was ever in the source.",
    );
    all[0].change = Some(Change::New);
    all[0].effort = Effort::Medium;
    all[1].excerpt =
        "TLS 1.0  accepted  TLS_RSA_WITH_AES_128_CBC_SHA\nTLS 1.1  accepted  TLS_RSA_WITH_AES_128_CBC_SHA"
            .into();
    all[1].change = Some(Change::Regressed);
    all[4].change = Some(Change::New);
    all[4].effort = Effort::Large;
    all[4].owner = "臺灣臺北地方檢察署檢察官辦公室資訊室、○○資訊股份有限公司".into();
    all[7].owner = String::new();
    all
}
