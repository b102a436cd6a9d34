//! The seven chapters of the sample.

use bulwark_model::{Domain, Severity, Verdict};
use bulwark_report::document::{Chapter, Figure};

use super::{PNG, chapter, check, text};

pub(super) fn chapters() -> Vec<Chapter> {
    use Verdict::{Error, Exempt, Fail, Info, Manual, NotApplicable, NotTested, Pass, Warn};
    let web = "https://case.tpc.moj.example/";
    let host = "case.tpc.moj.example:443";
    let mut network = chapter(
        Domain::Network,
        Some(64),
        vec![
            check(
                "network.tls_version",
                "TLS 版本|TLS versions",
                Fail,
                host,
                "仍提供 TLS 1.0 與 TLS 1.1|Still offers TLS 1.0 and TLS 1.1",
                "資通系統防護基準 系統與通訊保護；RFC 8996",
            ),
            check(
                "network.cert_expiry",
                "憑證效期|Certificate validity",
                Warn,
                host,
                "憑證將於 21 日後到期|The certificate expires in 21 days",
                "CA/B Forum BR 6.3.2",
            ),
            check(
                "network.dnssec",
                "DNSSEC|DNSSEC",
                Pass,
                "tpc.moj.example",
                "簽章鏈完整|The chain of signatures is complete",
                "RFC 4035",
            ),
            check(
                "network.ipv6",
                "IPv6 可達性|IPv6 reachability",
                Pass,
                host,
                "AAAA 紀錄可連線|The AAAA record answers",
                "政府機關 IPv6 推動",
            ),
            check(
                "network.spf_dmarc",
                "SPF 與 DMARC|SPF and DMARC",
                Fail,
                "tpc.moj.example",
                "DMARC 政策為 none，不攔阻冒名郵件|The DMARC policy is none: forged mail is not stopped",
                "RFC 7489",
            ),
            check(
                "network.rdns",
                "反解紀錄|Reverse record",
                Info,
                "198.51.100.20",
                "反解為 case-web-01.tpc.moj.example|Resolves to case-web-01.tpc.moj.example",
                "",
            ),
        ],
    );
    network.results[0].severity = Some(Severity::High);
    network.results[0].excerpt = "TLS 1.0  accepted  TLS_RSA_WITH_AES_128_CBC_SHA\nTLS 1.1  accepted  TLS_RSA_WITH_AES_128_CBC_SHA\nTLS 1.2  accepted  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\nTLS 1.3  refused".into();
    let mut function = chapter(
        Domain::Function,
        Some(93),
        vec![
            check(
                "function.availability",
                "服務可用性|Availability",
                Pass,
                web,
                "30 次請求全數成功|All 30 requests succeeded",
                "",
            ),
            check(
                "function.error_page",
                "錯誤頁面|Error page",
                Pass,
                web,
                "不存在的網址回覆 404|A missing address answers 404",
                "",
            ),
            check(
                "function.response_time",
                "回應時間|Response time",
                Pass,
                web,
                "第 95 百分位 412 ms，低於 1,000 ms|95th percentile 412 ms, below 1,000 ms",
                "",
            ),
        ],
    );
    function.figures.push(Figure::Bars {
        title: text(
            "五個主要功能的回應時間都在 1 秒以內",
            "All five main functions answer within one second",
        ),
        unit: "ms".into(),
        rows: vec![
            ("首頁".into(), 212.0),
            ("案件進度查詢".into(), 412.4),
            ("線上聲請（含附件上傳 5 MB）".into(), 873.0),
            ("卷證調閱".into(), f64::NAN),
            ("臺灣臺北地方檢察署檢察官辦公室資訊室公告與下載專區最新消息列表頁".into(), 96.25),
        ],
        limit: Some((1000.0, text("可接受上限", "Acceptable limit"))),
    });
    let mut end_user = chapter(
        Domain::EndUser,
        Some(72),
        vec![
            check(
                "end_user.lcp",
                "主要內容顯示時間|Largest contentful paint",
                Warn,
                web,
                "3.4 秒，建議 2.5 秒以內|3.4 s, 2.5 s is recommended",
                "Web Vitals",
            ),
            check(
                "end_user.a11y",
                "無障礙標示|Accessibility labels",
                Fail,
                web,
                "12 個欄位沒有標籤|12 fields have no label",
                "無障礙網頁開發規範 2.0 1.3.1",
            ),
            check(
                "end_user.keyboard",
                "鍵盤操作|Keyboard use",
                Manual,
                web,
                "須由人員操作確認|A person must try it",
                "無障礙網頁開發規範 2.0 2.1.1",
            ),
        ],
    );
    end_user.figures.push(Figure::Image { title: text("首頁畫面", "The home page"), png: PNG.to_vec() });
    vec![
        network,
        chapter(
            Domain::Architecture,
            Some(80),
            vec![
                check(
                    "architecture.server_header",
                    "伺服器版本揭露|Version disclosure",
                    Warn,
                    web,
                    "標頭揭露 nginx/1.18.0|A header discloses nginx/1.18.0",
                    "OWASP ASVS 14.3.3",
                ),
                check(
                    "architecture.redirect",
                    "強制加密連線|Redirect to HTTPS",
                    Pass,
                    "http://case.tpc.moj.example/",
                    "301 轉址至 https|301 to https",
                    "",
                ),
                check("architecture.http2", "HTTP/2|HTTP/2", Pass, host, "已啟用|Offered", ""),
                check(
                    "architecture.ipv4_only",
                    "單一出口備援|Single uplink",
                    NotApplicable,
                    host,
                    "雙路由電路|Two routes",
                    "",
                ),
            ],
        ),
        function,
        chapter(
            Domain::DbIo,
            None,
            vec![
                check(
                    "db_io.latency",
                    "查詢延遲|Query latency",
                    Error,
                    "case-db-01:5432",
                    "連線逾時，未能量測|Timed out, not measured",
                    "",
                ),
                check(
                    "db_io.cache_hit",
                    "快取命中率|Cache hit rate",
                    NotTested,
                    "case-db-01:5432",
                    "前項未能連線|The item before could not connect",
                    "",
                ),
                check(
                    "db_io.index_usage",
                    "索引使用率|Index use",
                    NotTested,
                    "case-db-01:5432",
                    "前項未能連線|The item before could not connect",
                    "",
                ),
            ],
        ),
        end_user,
        chapter(
            Domain::DataMgmt,
            Some(70),
            vec![
                check(
                    "data_mgmt.csp",
                    "內容安全政策|Content Security Policy",
                    Fail,
                    web,
                    "沒有 Content-Security-Policy 標頭|There is no Content-Security-Policy header",
                    "資通系統防護基準 系統與資訊完整性",
                ),
                check(
                    "data_mgmt.cookie_secure",
                    "Cookie 屬性|Cookie attributes",
                    Pass,
                    web,
                    "Secure、HttpOnly、SameSite 齊備|Secure, HttpOnly and SameSite are set",
                    "",
                ),
                check(
                    "data_mgmt.cache",
                    "敏感頁面快取|Caching of sensitive pages",
                    Exempt,
                    web,
                    "已核准例外至 116-06-30|Exempt until 2027-06-30",
                    "例外 EX-115-0007",
                ),
            ],
        ),
        chapter(
            Domain::Vuln,
            Some(35),
            vec![
                check(
                    "vuln.git_exposed",
                    "版本控管目錄|Version control directory",
                    Fail,
                    "https://case.tpc.moj.example/.git/HEAD",
                    "網站可下載 .git 目錄，內含原始碼|The .git directory with the source code can be downloaded",
                    "CWE-538",
                ),
                check(
                    "vuln.dir_listing",
                    "目錄列表|Directory listing",
                    Warn,
                    "https://case.tpc.moj.example/uploads/",
                    "可列出 uploads 目錄檔名|File names of uploads are listed",
                    "CWE-548",
                ),
                check(
                    "vuln.admin_page",
                    "管理介面|Administration page",
                    Error,
                    "https://case.tpc.moj.example:8443/",
                    "連線被拒，未能判定|Refused, cannot tell",
                    "",
                ),
            ],
        ),
    ]
}
