-- Who may log in. The table is Frappe's as far as it goes; what only bench may see lies beside it.
CREATE TABLE IF NOT EXISTS "tabUser" (
  name VARCHAR(140) PRIMARY KEY,
  creation TIMESTAMP(6),
  modified TIMESTAMP(6),
  modified_by VARCHAR(140),
  owner VARCHAR(140),
  docstatus SMALLINT NOT NULL DEFAULT 0,
  idx BIGINT NOT NULL DEFAULT 0,
  enabled SMALLINT NOT NULL DEFAULT 1,
  email VARCHAR(140),
  full_name VARCHAR(140)
);

CREATE TABLE IF NOT EXISTS __bench_auth (
  user_name VARCHAR(140) PRIMARY KEY,
  role VARCHAR(20) NOT NULL,
  password_hash VARCHAR(255) NOT NULL,
  changed_at VARCHAR(26) NOT NULL
);

INSERT INTO "tabUser" (name, creation, modified, modified_by, owner, enabled, email, full_name)
SELECT 'Administrator', now(), now(), 'Administrator', 'Administrator', 1, 'Administrator', 'Administrator'
WHERE NOT EXISTS (SELECT 1 FROM "tabUser" WHERE name = 'Administrator');
