-- One patch, because the log of every patch needs all of these tables.
-- The patch log is Frappe's, so that both can migrate the same site.
CREATE TABLE IF NOT EXISTS `tabPatch Log` (
  name VARCHAR(140) PRIMARY KEY,
  creation DATETIME(6),
  modified DATETIME(6),
  modified_by VARCHAR(140),
  owner VARCHAR(140),
  docstatus TINYINT NOT NULL DEFAULT 0,
  idx INT NOT NULL DEFAULT 0,
  patch LONGTEXT,
  skipped TINYINT NOT NULL DEFAULT 0,
  traceback LONGTEXT
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;

-- What bench knows of an applied patch beyond Frappe's log.
CREATE TABLE IF NOT EXISTS __bench_patch (
  patch VARCHAR(500) PRIMARY KEY,
  app VARCHAR(140) NOT NULL,
  checksum CHAR(64) NOT NULL,
  operation VARCHAR(64) NOT NULL,
  applied_at VARCHAR(26) NOT NULL,
  KEY __bench_patch_operation (operation)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Facts about the database itself, such as which restore it came from.
CREATE TABLE IF NOT EXISTS __bench_state (
  state_key VARCHAR(64) PRIMARY KEY,
  state_value LONGTEXT
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which statement of a patch that is under way was begun and finished.
CREATE TABLE IF NOT EXISTS __bench_journal (
  patch VARCHAR(500) NOT NULL,
  position INT NOT NULL,
  operation VARCHAR(64) NOT NULL,
  statement_hash CHAR(64) NOT NULL,
  object_before VARCHAR(64),
  began_at VARCHAR(26) NOT NULL,
  finished_at VARCHAR(26),
  PRIMARY KEY (patch, position)
) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
