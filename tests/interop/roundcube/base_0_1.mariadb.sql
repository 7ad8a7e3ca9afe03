-- A Roundcube database as version 0.1 left it on MySQL, written from what the updates since then change.

CREATE TABLE users (
  user_id int(10) UNSIGNED NOT NULL AUTO_INCREMENT,
  username varchar(128) NOT NULL,
  mail_host varchar(128) NOT NULL,
  alias varchar(128) NOT NULL,
  created datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  last_login datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  language varchar(5) NOT NULL DEFAULT 'en',
  preferences text NOT NULL,
  PRIMARY KEY (user_id)
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
INSERT INTO users VALUES
  (1, 'ada', 'mail.example.org', 'ada@example.org', '2007-05-01 10:00:00', '2008-01-02 09:30:00', 'en_GB', 'a:0:{}'),
  (2, 'émile', 'mail.example.org', '', '2007-06-01 10:00:00', '1000-01-01 00:00:00', 'fr', '');

CREATE TABLE identities (
  identity_id int(10) UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id int(10) UNSIGNED NOT NULL DEFAULT '0',
  del tinyint(1) NOT NULL DEFAULT '0',
  standard tinyint(1) NOT NULL DEFAULT '0',
  name varchar(128) NOT NULL,
  organization varchar(128) NOT NULL,
  email varchar(128) NOT NULL,
  `reply-to` varchar(128) NOT NULL,
  bcc varchar(128) NOT NULL,
  signature text NOT NULL,
  html_signature tinyint(1) NOT NULL DEFAULT '0',
  PRIMARY KEY (identity_id),
  CONSTRAINT user_id_fk_identities FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
INSERT INTO identities VALUES
  (1, 1, 0, 1, 'Ada', 'Analytical; Engines', 'ada@example.org', 'reply@example.org', '', 'it''s me', 0),
  (2, 2, 0, 1, 'Émile', '', 'emile@example.org', '', 'copy@example.org', '', 1);

CREATE TABLE contacts (
  contact_id int(10) UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id int(10) UNSIGNED NOT NULL DEFAULT '0',
  changed datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  del tinyint(1) NOT NULL DEFAULT '0',
  name varchar(128) NOT NULL,
  email varchar(128) NOT NULL,
  firstname varchar(128) NOT NULL,
  surname varchar(128) NOT NULL,
  vcard text NULL,
  PRIMARY KEY (contact_id),
  CONSTRAINT user_id_fk_contacts FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
INSERT INTO contacts VALUES
  (1, 1, '2007-08-01 12:00:00', 0, 'Grace', 'grace@example.org', 'Grace', 'H.', 'BEGIN:VCARD\nEND:VCARD'),
  (2, 2, '2007-08-02 12:00:00', 1, 'Alan', 'alan@example.org', 'Alan', 'T.', NULL);

CREATE TABLE session (
  sess_id varchar(40) NOT NULL,
  created datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  changed datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  ip varchar(15) NOT NULL,
  vars text NOT NULL,
  PRIMARY KEY (sess_id)
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
INSERT INTO session VALUES ('0123456789abcdef', '2008-01-02 09:30:00', '2008-01-02 09:31:00', '192.0.2.1', 'x');

CREATE TABLE cache (
  cache_id int(10) UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id int(10) UNSIGNED NOT NULL DEFAULT '0',
  session_id varchar(40),
  cache_key varchar(128) NOT NULL,
  created datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  data longtext NOT NULL,
  PRIMARY KEY (cache_id),
  INDEX cache_key (cache_key),
  INDEX session_id (session_id),
  CONSTRAINT user_id_fk_cache FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
INSERT INTO cache VALUES (1, 1, '0123456789abcdef', 'mailboxes', '2008-01-02 09:30:00', 'a:0:{}');

CREATE TABLE messages (
  message_id int(11) UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id int(10) UNSIGNED NOT NULL DEFAULT '0',
  del tinyint(1) NOT NULL DEFAULT '0',
  cache_key varchar(128) NOT NULL,
  created datetime NOT NULL DEFAULT '1000-01-01 00:00:00',
  idx int(11) UNSIGNED NOT NULL DEFAULT '0',
  uid int(11) UNSIGNED NOT NULL DEFAULT '0',
  subject varchar(255) NOT NULL,
  headers text NOT NULL,
  PRIMARY KEY (message_id),
  INDEX idx (idx),
  INDEX uid (uid),
  CONSTRAINT user_id_fk_messages FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8 COLLATE utf8_general_ci;
INSERT INTO messages VALUES (1, 1, 0, 'INBOX', '2008-01-02 09:30:00', 1, 7, 'Hello', 'x');
