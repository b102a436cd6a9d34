//! A private nginx with the mistakes of a real server that grew over years.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use super::{Demo, HTTP, HTTPS, site};
use crate::sys;

const USER: &str = "www-data";
const WORD: &str = "nginx";

fn dir(demo: &Demo) -> PathBuf {
    demo.path("nginx")
}

fn pid_file(demo: &Demo) -> PathBuf {
    dir(demo).join("nginx.pid")
}

pub fn is_running(demo: &Demo) -> bool {
    sys::alive(&pid_file(demo), WORD).is_some()
}

/// Writes pages and configuration, and starts or reloads the server.
pub fn start(demo: &Demo, program: &Path, new_certificate: bool) -> Result<()> {
    let dir = demo.service_dir("nginx", USER)?;
    for folder in ["www", "tmp"] {
        sys::make_dir(&dir.join(folder))?;
    }
    site::write(&dir.join("www"))?;
    let changed = write_if_changed(&dir.join("nginx.conf"), &configuration(&dir))?;
    let headers = write_headers(demo)?;
    for name in ["www.pem", "www.key"] {
        std::fs::copy(demo.path(name), dir.join(name))?;
    }
    if is_running(demo) && sys::listens(HTTPS) {
        if changed || headers || new_certificate {
            reload(demo)?;
        }
        return Ok(());
    }
    stop(demo)?;
    for addr in [HTTP, HTTPS] {
        if sys::listens(addr) {
            bail!("another program listens at {addr}; stop it first");
        }
    }
    let mut command = Command::new(program);
    command.arg("-p").arg(&dir).arg("-c").arg(dir.join("nginx.conf")).arg("-e").arg(dir.join("error.log"));
    sys::run(command.stdin(Stdio::null()))?;
    sys::wait_for(HTTPS, "nginx", &dir.join("error.log"))
}

pub fn stop(demo: &Demo) -> Result<bool> {
    sys::stop(&pid_file(demo), WORD)
}

/// Puts the header of the repair in place, or takes it away, as the flag file says.
pub fn apply_headers(demo: &Demo) -> Result<()> {
    if write_headers(demo)? {
        reload(demo)?;
    }
    Ok(())
}

fn write_headers(demo: &Demo) -> Result<bool> {
    let text = if demo.fixed_flag().exists() {
        "add_header X-Content-Type-Options $nosniff always;\n"
    } else {
        "# no security header\n"
    };
    write_if_changed(&dir(demo).join("headers.conf"), text)
}

fn write_if_changed(path: &Path, text: &str) -> Result<bool> {
    let changed = std::fs::read_to_string(path).map_or(true, |old| old != text);
    if changed {
        sys::write(path, text)?;
    }
    Ok(changed)
}

/// New workers take over; the old ones are gone when their last request is answered.
fn reload(demo: &Demo) -> Result<()> {
    let Some(pid) = sys::alive(&pid_file(demo), WORD) else { return Ok(()) };
    let before = workers(pid);
    sys::run(Command::new("sh").args(["-c", &format!("kill -HUP {pid}")]))?;
    for _ in 0..50 {
        let now = workers(pid);
        if !now.is_empty() && now.iter().all(|worker| !before.contains(worker)) {
            break;
        }
        sys::pause(std::time::Duration::from_millis(100));
    }
    Ok(())
}

fn workers(pid: u32) -> Vec<String> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().map(str::to_owned).collect()
}

fn configuration(dir: &Path) -> String {
    let user = if sys::is_root() { format!("user {USER};\n") } else { String::new() };
    let dir = dir.display();
    format!(
        r#"# Written by `cargo xtask demo`. Weak on purpose: do not copy.
{user}pid {dir}/nginx.pid;
worker_processes 1;
error_log {dir}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log {dir}/access.log;
  client_body_temp_path {dir}/tmp/body;
  proxy_temp_path {dir}/tmp/proxy;
  fastcgi_temp_path {dir}/tmp/fastcgi;
  uwsgi_temp_path {dir}/tmp/uwsgi;
  scgi_temp_path {dir}/tmp/scgi;
  types {{
    text/html html; text/css css; application/javascript js; image/png png; image/svg+xml svg; text/plain txt;
  }}
  default_type application/octet-stream;
  charset utf-8;
  # No compression, no caching, and the version told to everybody.
  gzip off;
  etag off;
  server_tokens on;
  keepalive_timeout 15s;

  # The repair of `--fix header` goes to the pages with TLS only: one weakness less. Empty headers are not sent.
  map $scheme $nosniff {{ https nosniff; default ""; }}

  server {{
    # The same pages without TLS, and no way from here to there.
    listen {HTTP};
    listen {HTTPS} ssl;
    server_name www.demo.test demo.test;
    ssl_certificate {dir}/www.pem;
    ssl_certificate_key {dir}/www.key;
    # Versions that RFC 8996 retired; TLS 1.3 left out.
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2;
    ssl_ciphers DEFAULT@SECLEVEL=0;
    ssl_session_tickets on;
    root {dir}/www;
    index index.html;
    include {dir}/headers.conf;

    location = / {{
      # A session cookie that any script and any plain connection can read.
      add_header Set-Cookie "JSESSIONID=6F1D2A9C0B7E4D35; Path=/";
      include {dir}/headers.conf;
      try_files /index.html =404;
    }}
    location = /api/health {{
      default_type application/json;
      return 200 '{health}';
    }}
    location = /search {{
      default_type text/plain;
      return 200 "查詢結果：案號 $arg_q，承辦單位 區公所民政課，狀態 審查中\n";
    }}
    location = /error {{
      error_page 500 /trace.html;
      return 500;
    }}
    location = /trace.html {{ internal; }}
    location = /backup.sql {{ default_type text/plain; }}
    location = /.git/HEAD {{ default_type text/plain; }}
  }}
}}
"#,
        health = site::HEALTH,
    )
}
