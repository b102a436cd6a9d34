//! Backup evidence as it is found too often: the last dump is old, the last restore test older.

use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;
use bulwark_testkit::tls::now_plus;

use crate::sys;

const RESTORE_TEST: &str = "\
示範便民服務查詢系統 資料庫還原演練紀錄

演練日期：114 年 5 月 20 日
演練人員：示範市政府資訊局 林承辦、示範資訊股份有限公司 陳工程師
備份檔案：demo-1140519.dump（182 MB）
還原環境：測試機（與正式環境同版本）
還原結果：成功，耗時 1 小時 52 分
資料核對：案件數 118,204 筆，與備份當日相符
待改善：還原手冊未列出應用程式設定檔的位置

（本檔為示範環境的虛構紀錄）
";

/// Writes the folder with its old times.
pub fn write(dir: &Path) -> Result<()> {
    sys::make_dir(dir)?;
    // The header of a pg_dump archive in custom format, then filling: checks look at age, size and form.
    let mut dump = b"PGDMP\x01\x0e\x00\x04\x08\x01\x01\x00".to_vec();
    dump.resize(2 << 20, 0x42);
    aged(&dir.join("demo.dump"), &dump, now_plus(-40))?;
    aged(&dir.join("restore-test.txt"), RESTORE_TEST.as_bytes(), now_plus(-554))
}

fn aged(path: &Path, contents: &[u8], modified: SystemTime) -> Result<()> {
    sys::write(path, contents)?;
    std::fs::File::options().write(true).open(path)?.set_modified(modified)?;
    Ok(())
}
