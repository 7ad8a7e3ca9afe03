-- Who may log in. The table is Frappe's as far as it goes; what only bench may see lies beside it.
CREATE TABLE IF NOT EXISTS "tabUser" (
  name TEXT PRIMARY KEY,
  creation TEXT,
  modified TEXT,
  modified_by TEXT,
  owner TEXT,
  docstatus INTEGER NOT NULL DEFAULT 0,
  idx INTEGER NOT NULL DEFAULT 0,
  enabled INTEGER NOT NULL DEFAULT 1,
  email TEXT,
  full_name TEXT
);

CREATE TABLE IF NOT EXISTS __bench_auth (
  user_name TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  changed_at TEXT NOT NULL
);

INSERT INTO "tabUser" (name, creation, modified, modified_by, owner, enabled, email, full_name)
SELECT 'Administrator', datetime('now'), datetime('now'), 'Administrator', 'Administrator', 1, 'Administrator', 'Administrator'
WHERE NOT EXISTS (SELECT 1 FROM "tabUser" WHERE name = 'Administrator');
