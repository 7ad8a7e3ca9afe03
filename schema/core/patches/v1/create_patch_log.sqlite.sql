-- The patch log is Frappe's, so that both can migrate the same site.
CREATE TABLE IF NOT EXISTS "tabPatch Log" (
  name TEXT PRIMARY KEY,
  creation TEXT,
  modified TEXT,
  modified_by TEXT,
  owner TEXT,
  docstatus INTEGER NOT NULL DEFAULT 0,
  idx INTEGER NOT NULL DEFAULT 0,
  patch TEXT,
  skipped INTEGER NOT NULL DEFAULT 0,
  traceback TEXT
);

CREATE INDEX IF NOT EXISTS "bench_patch_log_patch" ON "tabPatch Log" (patch);
