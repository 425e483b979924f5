"""Numbered migrations. Number N brings a file from version N-1 to N (`PRAGMA user_version`); none is ever edited."""

APPLICATION_ID = 0x45564453
"""`PRAGMA application_id` of our files ("EVDS"): tells them from other programs' SQLite files."""

FIELDS = ("l1", "l2", "l3", "power_w", "energy_wh", "limit_a")
"""The columns of a reading. l1..l3 in ampere on the site's phases."""

SERIES_FIELDS = {
    "current_l1_a": "l1",
    "current_l2_a": "l2",
    "current_l3_a": "l3",
    "power_w": "power_w",
    "energy_wh": "energy_wh",
    "limit_a": "limit_a",
}
"""Name of a field in a series, and its column."""


def _level(table: str) -> str:
    columns = ", ".join(f"{f}_n INTEGER NOT NULL, {f}_min REAL, {f}_sum REAL NOT NULL, {f}_max REAL" for f in FIELDS)
    return (
        f"CREATE TABLE {table}(source INTEGER NOT NULL, t INTEGER NOT NULL, {columns}, "
        "PRIMARY KEY(source, t)) WITHOUT ROWID"
    )


def _append_only(table: str) -> tuple[str, ...]:
    """INSERT OR REPLACE deletes without the delete trigger, so inserting anything but a higher id is refused too."""
    says = f"the {table} table is append-only"
    return (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{says}'); END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, '{says}'); END",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id >= NEW.id) BEGIN SELECT RAISE(ABORT, '{says}'); END",
    )


_FIRST: tuple[str, ...] = (
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE audit(id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL, "
    "via TEXT NOT NULL, address TEXT NOT NULL, what TEXT NOT NULL, target TEXT NOT NULL, args TEXT NOT NULL, "
    "outcome TEXT NOT NULL, detail TEXT NOT NULL, ref INTEGER, prev TEXT NOT NULL, hash TEXT NOT NULL)",
    "CREATE TABLE audit_checkpoint(id INTEGER PRIMARY KEY, at REAL NOT NULL, row_id INTEGER NOT NULL, "
    "row_hash TEXT NOT NULL, prev TEXT NOT NULL, public_key TEXT NOT NULL, signature TEXT NOT NULL)",
    *_append_only("audit"),
    *_append_only("audit_checkpoint"),
    "CREATE TABLE source(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "CREATE TABLE reading(id INTEGER PRIMARY KEY, source INTEGER NOT NULL, t REAL NOT NULL, l1 REAL, l2 REAL, "
    "l3 REAL, power_w REAL, energy_wh REAL, limit_a REAL)",
    "CREATE INDEX reading_source_t ON reading(source, t)",
    _level("reading_1m"),
    _level("reading_15m"),
    "CREATE TABLE session(id INTEGER PRIMARY KEY, charger_id TEXT NOT NULL, connector_id INTEGER NOT NULL, "
    "id_tag TEXT NOT NULL, started_at REAL NOT NULL, ended_at REAL, meter_start_wh REAL, meter_stop_wh REAL, "
    "energy_wh REAL, max_power_w REAL, reason TEXT NOT NULL DEFAULT '', incomplete INTEGER NOT NULL DEFAULT 0, "
    "transaction_id INTEGER, charger_started_at REAL, charger_ended_at REAL)",
    "CREATE INDEX session_charger ON session(charger_id, started_at)",
    "CREATE INDEX session_started ON session(started_at)",
    "CREATE TABLE message(id INTEGER PRIMARY KEY, at REAL NOT NULL, charger_id TEXT NOT NULL, direction TEXT NOT NULL, "
    "kind TEXT NOT NULL, action TEXT NOT NULL, message_id TEXT NOT NULL, text TEXT NOT NULL)",
    "CREATE INDEX message_charger ON message(charger_id)",
    "CREATE TABLE finding(charger_id TEXT NOT NULL, rule TEXT NOT NULL, sentence TEXT NOT NULL, clause TEXT NOT NULL, "
    "raw TEXT NOT NULL, message TEXT NOT NULL, count INTEGER NOT NULL, first_at REAL NOT NULL, last_at REAL NOT NULL, "
    "PRIMARY KEY(charger_id, rule)) WITHOUT ROWID",
    "CREATE TABLE notice(id INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, "
    "charger_id TEXT NOT NULL, connector_id INTEGER NOT NULL, args TEXT NOT NULL)",
    "CREATE TABLE charger(id TEXT PRIMARY KEY, accepted INTEGER NOT NULL, body TEXT NOT NULL, saved_at REAL NOT NULL)",
    "CREATE TABLE site(id INTEGER PRIMARY KEY, at REAL NOT NULL, body TEXT NOT NULL)",
    f"PRAGMA application_id = {APPLICATION_ID}",
)

_CHARGER_REF: tuple[str, ...] = (
    "ALTER TABLE session ADD COLUMN ref TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX session_ref ON session(charger_id, ref) WHERE ref != ''",
)

BREACH, REFUSED, NO_ANSWER, GARBAGE = 1, 2, 4, 8
"""Bits of `message.fault`. On a call they tell of the whole exchange, on an answer of that frame alone."""

_PAIRS: tuple[str, ...] = (
    # `call`: the id of the call an answer belongs to; 0 for calls, garbage, and answers to nothing.
    "ALTER TABLE message ADD COLUMN call INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE message ADD COLUMN fault INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE message ADD COLUMN protocol TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE message ADD COLUMN odd TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX message_old ON message(charger_id, message_id)",
    "UPDATE message SET call = coalesce((SELECT max(c.id) FROM message c WHERE c.charger_id = message.charger_id AND "
    "c.message_id = message.message_id AND c.kind = 'call' AND c.direction != message.direction AND "
    "c.id < message.id), 0) WHERE kind IN ('result', 'error')",
    "DROP INDEX message_old",
    f"UPDATE message SET fault = CASE kind WHEN 'garbage' THEN {GARBAGE} WHEN 'error' THEN {REFUSED} ELSE 0 END",
    "CREATE INDEX message_call ON message(call) WHERE call > 0",
    f"UPDATE message SET fault = {REFUSED} WHERE kind = 'call' AND EXISTS "
    "(SELECT 1 FROM message a WHERE a.call = message.id AND a.call > 0 AND a.kind = 'error')",
    "CREATE INDEX message_fault ON message(id) WHERE call = 0 AND fault > 0",
    "CREATE INDEX message_at ON message(at, fault, charger_id, direction, action) WHERE call = 0",
)

_CHARGER_PAGE: tuple[str, ...] = (
    "CREATE TABLE setting_snapshot(id INTEGER PRIMARY KEY AUTOINCREMENT, charger_id TEXT NOT NULL, at REAL NOT NULL, "
    "seen_at REAL NOT NULL, settings INTEGER NOT NULL, vendor TEXT NOT NULL, model TEXT NOT NULL, "
    "firmware TEXT NOT NULL, protocol TEXT NOT NULL, reason TEXT NOT NULL, hash TEXT NOT NULL, body TEXT NOT NULL)",
    "CREATE INDEX setting_snapshot_charger ON setting_snapshot(charger_id, id)",
    "CREATE TABLE reboot_seen(vendor TEXT NOT NULL, model TEXT NOT NULL, firmware TEXT NOT NULL, name TEXT NOT NULL, "
    "reboot INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY(vendor, model, firmware, name)) WITHOUT ROWID",
    "CREATE TABLE tag(id_tag TEXT PRIMARY KEY, status TEXT NOT NULL, expires_at REAL, parent TEXT NOT NULL, "
    "note TEXT NOT NULL, added_at REAL NOT NULL, changed_at REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE charger_note(kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, at REAL NOT NULL, "
    "PRIMARY KEY(kind, key)) WITHOUT ROWID",
)

_SECURITY: tuple[str, ...] = (
    "CREATE TABLE attempt(id INTEGER PRIMARY KEY, at REAL NOT NULL, address TEXT NOT NULL, charger_id TEXT NOT NULL, "
    "verdict TEXT NOT NULL, body TEXT NOT NULL)",
    "CREATE INDEX attempt_at ON attempt(at, id)",
    "CREATE INDEX attempt_charger ON attempt(charger_id, at)",
    "CREATE TABLE charger_policy(charger_id TEXT PRIMARY KEY, min_profile INTEGER NOT NULL, auth TEXT NOT NULL, "
    "body TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE certificate(number TEXT PRIMARY KEY, charger_id TEXT NOT NULL, subject TEXT NOT NULL, "
    "issued_at REAL NOT NULL, not_after REAL NOT NULL, fingerprint TEXT NOT NULL, revoked_at REAL) WITHOUT ROWID",
)

_DECISIONS: tuple[str, ...] = (
    # `source` as in `reading` ("connector/..."); `cause` is JSON, "" where the limit did not fall.
    "CREATE TABLE decision(id INTEGER PRIMARY KEY, source INTEGER NOT NULL, from_at REAL NOT NULL, to_at REAL, "
    "limit_a REAL NOT NULL, code TEXT NOT NULL, line TEXT NOT NULL, detail TEXT NOT NULL, load_a REAL, rating_a REAL, "
    "since_at REAL, before_a REAL, took_a REAL, ended TEXT NOT NULL, cause TEXT NOT NULL)",
    "CREATE INDEX decision_source ON decision(source, from_at)",
    "CREATE INDEX decision_from ON decision(from_at)",
    "CREATE INDEX decision_open ON decision(id) WHERE to_at IS NULL",
)

_INSIGHTS: tuple[str, ...] = (
    "CREATE TABLE insight_day(day TEXT PRIMARY KEY, from_at REAL NOT NULL, made_at REAL NOT NULL, "
    "final INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE insight_count(day TEXT NOT NULL, name TEXT NOT NULL, value REAL NOT NULL, "
    "PRIMARY KEY(day, name)) WITHOUT ROWID",
    "CREATE TABLE session_hint(session_id INTEGER PRIMARY KEY, depart_at REAL, energy_wh REAL, source TEXT NOT NULL, "
    "at REAL NOT NULL)",
    # how right a hint was, 0 to 1, for stay and energy; NULL where that cannot be told
    "CREATE TABLE hint_result(session_id INTEGER PRIMARY KEY, id_tag TEXT NOT NULL, at REAL NOT NULL, stay REAL, "
    "energy REAL)",
)

_DRILLS: tuple[str, ...] = (
    "CREATE TABLE drill(id INTEGER PRIMARY KEY AUTOINCREMENT, charger_id TEXT NOT NULL, kind TEXT NOT NULL, "
    "at REAL NOT NULL, phase TEXT NOT NULL, verdict TEXT NOT NULL, cause TEXT NOT NULL, vendor TEXT NOT NULL, "
    "model TEXT NOT NULL, firmware TEXT NOT NULL, body TEXT NOT NULL)",
    "CREATE INDEX drill_charger ON drill(charger_id, id)",
    "CREATE INDEX drill_model ON drill(vendor, model, firmware)",
)

_THINNED: tuple[str, ...] = ("ALTER TABLE decision ADD COLUMN merged INTEGER NOT NULL DEFAULT 1",)

_UNTIL: tuple[str, ...] = (
    "ALTER TABLE decision ADD COLUMN until_at REAL",
    "ALTER TABLE decision ADD COLUMN kept_a REAL",
)

_JOBS: tuple[str, ...] = (
    # `secret`: what the one-time address of this charger is made of; it never leaves the engine.
    "CREATE TABLE job(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, state TEXT NOT NULL, "
    "created_at REAL NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE job_charger(job_id INTEGER NOT NULL, charger_id TEXT NOT NULL, place INTEGER NOT NULL, "
    "outcome TEXT NOT NULL, body TEXT NOT NULL, secret TEXT NOT NULL, PRIMARY KEY(job_id, charger_id)) WITHOUT ROWID",
    "CREATE INDEX job_charger_charger ON job_charger(charger_id, job_id)",
    "CREATE TABLE job_line(id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL, charger_id TEXT NOT NULL, at REAL NOT NULL, "
    "side TEXT NOT NULL, text TEXT NOT NULL, tone TEXT NOT NULL)",
    "CREATE INDEX job_line_charger ON job_line(job_id, charger_id, id)",
    "CREATE TABLE log_file(id INTEGER PRIMARY KEY AUTOINCREMENT, charger_id TEXT NOT NULL, at REAL NOT NULL, "
    "body TEXT NOT NULL)",
    "CREATE INDEX log_file_charger ON log_file(charger_id, id)",
    "CREATE TABLE firmware_version(id INTEGER PRIMARY KEY, charger_id TEXT NOT NULL, at REAL NOT NULL, "
    "body TEXT NOT NULL)",
    "CREATE INDEX firmware_version_charger ON firmware_version(charger_id, id)",
)

_AUDIT_OF: tuple[str, ...] = ("CREATE INDEX audit_target ON audit(target, id)",)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _FIRST,
    _CHARGER_REF,
    _PAIRS,
    _CHARGER_PAGE,
    _SECURITY,
    _DECISIONS,
    _INSIGHTS,
    _DRILLS,
    _THINNED,
    _UNTIL,
    _JOBS,
    _AUDIT_OF,
)

LATEST = len(MIGRATIONS)
