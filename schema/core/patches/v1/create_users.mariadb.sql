-- Who may log in. The table is Frappe's as far as it goes; what only bench may see lies beside it.
CREATE TABLE IF NOT EXISTS `tabUser` (
  name VARCHAR(140) PRIMARY KEY,
  creation DATETIME(6),
  modified DATETIME(6),
  modified_by VARCHAR(140),
  owner VARCHAR(140),
  docstatus TINYINT NOT NULL DEFAULT 0,
  idx INT NOT NULL DEFAULT 0,
  enabled TINYINT NOT NULL DEFAULT 1,
  email VARCHAR(140),
  full_name VARCHAR(140)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS __bench_auth (
  user_name VARCHAR(140) PRIMARY KEY,
  role VARCHAR(20) NOT NULL,
  password_hash VARCHAR(255) NOT NULL,
  changed_at VARCHAR(26) NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

INSERT INTO `tabUser` (name, creation, modified, modified_by, owner, enabled, email, full_name)
SELECT 'Administrator', now(6), now(6), 'Administrator', 'Administrator', 1, 'Administrator', 'Administrator' FROM DUAL
WHERE NOT EXISTS (SELECT 1 FROM `tabUser` WHERE name = 'Administrator');
