-- One patch, because the log of every patch needs all of these tables.
-- The patch log is Frappe's, so that both can migrate the same site.
CREATE TABLE IF NOT EXISTS "tabPatch Log" (
  name VARCHAR(140) PRIMARY KEY,
  creation TIMESTAMP(6),
  modified TIMESTAMP(6),
  modified_by VARCHAR(140),
  owner VARCHAR(140),
  docstatus SMALLINT NOT NULL DEFAULT 0,
  idx BIGINT NOT NULL DEFAULT 0,
  patch TEXT,
  skipped SMALLINT NOT NULL DEFAULT 0,
  traceback TEXT
);

CREATE INDEX IF NOT EXISTS "bench_patch_log_patch" ON "tabPatch Log" (patch);

-- What bench knows of an applied patch beyond Frappe's log.
CREATE TABLE IF NOT EXISTS __bench_patch (
  patch TEXT PRIMARY KEY,
  app TEXT NOT NULL,
  checksum TEXT NOT NULL,
  operation TEXT NOT NULL,
  applied_at TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS __bench_patch_operation ON __bench_patch (operation);

-- Facts about the database itself, such as which restore it came from.
CREATE TABLE IF NOT EXISTS __bench_state (
  state_key TEXT PRIMARY KEY,
  state_value TEXT
);

-- Which statement of a patch that is under way was begun and finished.
CREATE TABLE IF NOT EXISTS __bench_journal (
  patch TEXT NOT NULL,
  position INTEGER NOT NULL,
  operation TEXT NOT NULL,
  statement_hash TEXT NOT NULL,
  object_before TEXT,
  began_at TEXT NOT NULL,
  finished_at TEXT,
  PRIMARY KEY (patch, position)
);
