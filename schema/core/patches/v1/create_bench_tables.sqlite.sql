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
