//! What comes later: named, so that nobody looks for it in vain.

/// Components of the list of 84 that the first release does not have.
pub const COMPONENTS: [(&str, &str, &str); 24] = [
    ("switch", "切換開關", "Switch"),
    ("date-picker", "日期選擇器", "Date picker"),
    ("date-range", "日期區間", "Date range"),
    ("multi-file-upload", "多檔上傳", "Multiple file upload"),
    ("currency-input", "金額輸入", "Currency input"),
    ("range", "範圍滑桿", "Range"),
    ("human-check", "真人檢查", "Human check"),
    ("consent", "同意", "Consent"),
    ("in-page-navigation", "頁內導覽", "In-page navigation"),
    ("task-list", "工作清單", "Task list"),
    ("agency-identifier", "機關識別", "Agency identifier"),
    ("process-list", "流程清單", "Process list"),
    ("toggletip", "提示泡", "Toggletip"),
    ("drawer", "抽屜", "Drawer"),
    ("toast", "短訊", "Toast"),
    ("maintenance-page", "維護頁", "Maintenance page"),
    ("cookie-banner", "Cookie 告示", "Cookie banner"),
    ("exit-this-page", "快速離開", "Exit this page"),
    ("queue-status", "等候狀態", "Queue status"),
    ("feedback", "意見回饋", "Feedback"),
    ("topology-view", "拓樸檢視", "Topology view"),
    ("log-viewer", "紀錄檢視", "Log viewer"),
    ("diff-viewer", "差異檢視", "Difference viewer"),
    ("command-palette", "指令面板", "Command palette"),
];

/// Patterns of the list of 24 that the first release does not have.
pub const PATTERNS: [(&str, &str); 12] = [
    ("服務起點", "Start"),
    ("資格確認", "Eligibility"),
    ("身分確認", "Identity check"),
    ("等候輪到", "Waiting for a turn"),
    ("電話", "Phone"),
    ("銀行帳戶", "Bank account"),
    ("家庭成員", "Family"),
    ("代理人", "Proxy"),
    ("期限內繳費", "Payment by deadline"),
    ("更正錯誤", "Correct a mistake"),
    ("聯絡我們", "Contact"),
    ("緊急公告與同意", "Emergency and consent"),
];
