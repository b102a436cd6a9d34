"""The peers of `cargo xtask bench console`, on Python's own SQLite.

`peer.py commits FOLDER SECONDS`: rows a second that one task commits one by one with `synchronous=FULL`.
`peer.py seed FOLDER PEOPLE`: the database of the page below; prints the cookie of a log-in.
`gunicorn peer:app`, in a folder that was seeded: a page of 50 people after a look at session and role, by Flask and
Jinja. It is the least that such a page needs: no navigation, no filters, no languages, no count kept up to date, no
security headers, nothing written down.
"""

import hashlib
import pathlib
import sqlite3
import sys
import threading
import time

import flask

TOKEN = "peer-of-the-bench"

PAGE = """<!doctype html>
<html lang="zh-Hant-TW">
<head><meta charset="utf-8"><title>人員</title></head>
<body>
<h1>人員</h1>
<p>{{ name }}（{{ role }}）</p>
<table>
<caption>共 {{ total }} 筆</caption>
<thead><tr><th scope="col">姓名</th><th scope="col">登入名稱</th><th scope="col">機關</th>
<th scope="col">狀態</th><th scope="col">建立時間</th></tr></thead>
<tbody>
{% for row in rows %}<tr><th scope="row"><a href="/people/{{ row.id }}">{{ row.name }}</a></th>
<td>{{ row.login }}</td><td>{{ row.place }}</td>
<td>{% if row.disabled_at %}已停用{% else %}使用中{% endif %}</td><td>{{ row.created_at }}</td></tr>
{% endfor %}</tbody>
</table>
{% if next %}<a href="/people?after={{ next }}">下一頁</a>{% endif %}
</body>
</html>
"""

app = flask.Flask(__name__)
template = app.jinja_env.from_string(PAGE)
local = threading.local()


def database():
    """The connection of this thread."""
    if not hasattr(local, "connection"):
        local.connection = sqlite3.connect("page.db", isolation_level=None)
        local.connection.row_factory = sqlite3.Row
    return local.connection


@app.get("/people")
def people():
    """Fifty people of the organisation, for those who may see them."""
    found = database()
    token = hashlib.sha256(flask.request.cookies.get("session", "").encode()).hexdigest()
    who = found.execute(
        "SELECT person.id, person.name, session.role, session.organisation_id FROM session"
        " JOIN person ON person.id = session.person_id WHERE token_hash = ? AND expires_at > ?",
        (token, time.time()),
    ).fetchone()
    if who is None:
        return flask.redirect("/log-in")
    held = found.execute(
        "SELECT 1 FROM role_grant WHERE person_id = ? AND role = ? AND organisation_id = ?",
        (who["id"], who["role"], who["organisation_id"]),
    ).fetchone()
    if held is None or who["role"] != "agency_ciso":
        flask.abort(404)
    rows = found.execute(
        "SELECT person.*, organisation.name AS place FROM person JOIN organisation"
        " ON organisation.id = person.organisation_id WHERE organisation_id = ? AND person.id < ?"
        " ORDER BY person.id DESC LIMIT 51",
        (who["organisation_id"], flask.request.args.get("after", 1 << 62, type=int)),
    ).fetchall()
    total = found.execute(
        "SELECT count(*) FROM (SELECT 1 FROM person WHERE organisation_id = ? LIMIT 10001)",
        (who["organisation_id"],),
    ).fetchone()[0]
    more = rows[49]["id"] if len(rows) > 50 else None
    return template.render(rows=rows[:50], total=total, next=more, name=who["name"], role=who["role"])


def seed(folder, count):
    """As many people as ours has, all of one organisation."""
    path = pathlib.Path(folder) / "page.db"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        PRAGMA journal_mode = wal;
        CREATE TABLE organisation (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE person (id INTEGER PRIMARY KEY, login TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
            organisation_id INTEGER NOT NULL REFERENCES organisation, created_at TEXT NOT NULL, disabled_at TEXT);
        CREATE INDEX person_at ON person (organisation_id);
        CREATE TABLE role_grant (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES person,
            role TEXT NOT NULL, organisation_id INTEGER NOT NULL REFERENCES organisation);
        CREATE INDEX grant_of ON role_grant (person_id);
        CREATE TABLE session (token_hash TEXT PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES person,
            role TEXT NOT NULL, organisation_id INTEGER NOT NULL, expires_at REAL NOT NULL);
        INSERT INTO organisation VALUES (1, '測試機關');
        """
    )
    people = [(n, f"p{n}", f"王小明{n}", 1, "115-11-25 09:30") for n in range(1, count + 1)]
    connection.executemany("INSERT INTO person VALUES (?, ?, ?, ?, ?, NULL)", people)
    grants = [(person[0], "agency_ciso", 1) for person in people]
    connection.executemany("INSERT INTO role_grant (person_id, role, organisation_id) VALUES (?, ?, ?)", grants)
    token = hashlib.sha256(TOKEN.encode()).hexdigest()
    ends = time.time() + 86400
    connection.execute("INSERT INTO session VALUES (?, 1, 'agency_ciso', 1, ?)", (token, ends))
    connection.commit()
    connection.close()
    print(f"session={TOKEN}")


def commits(folder, seconds):
    """Single rows, each durable before the next."""
    path = pathlib.Path(folder) / "commits.db"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA synchronous = full")
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        connection.execute("INSERT INTO t (b) VALUES (?)", ("x" * 200,))
        done += 1
    print(f"commits {done / (time.perf_counter() - began):.1f}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["seed", folder, count]:
            seed(folder, int(count))
        case ["commits", folder, seconds]:
            commits(folder, float(seconds))
        case _:
            sys.exit(__doc__)
