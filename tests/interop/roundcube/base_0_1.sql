-- A Roundcube database as version 0.1 left it on SQLite, written from what the updates since then change. Every table has
-- rows; some of them are rows that an update removes: a deleted identity, and a contact whose user is gone.

CREATE TABLE users (
  user_id integer NOT NULL PRIMARY KEY,
  username varchar(128) NOT NULL default '',
  mail_host varchar(128) NOT NULL default '',
  alias varchar(128) NOT NULL default '',
  created datetime NOT NULL default '0000-00-00 00:00:00',
  last_login datetime NOT NULL default '0000-00-00 00:00:00',
  language varchar(5),
  preferences text NOT NULL default ''
);
INSERT INTO users VALUES
  (1, 'ada', 'mail.example.org', 'ada@example.org', '2007-05-01 10:00:00', '2008-01-02 09:30:00', 'en_GB', 'a:0:{}'),
  (2, 'émile', 'mail.example.org', '', '2007-06-01 10:00:00', '2008-01-03 09:30:00', NULL, '');

CREATE TABLE identities (
  identity_id integer NOT NULL PRIMARY KEY,
  user_id integer NOT NULL default '0',
  del tinyint NOT NULL default '0',
  standard tinyint NOT NULL default '0',
  name varchar(128) NOT NULL default '',
  organization varchar(128) default '',
  email varchar(128) NOT NULL default '',
  "reply-to" varchar(128) NOT NULL default '',
  bcc varchar(128) NOT NULL default '',
  signature text NOT NULL default '',
  html_signature tinyint NOT NULL default '0'
);
CREATE INDEX ix_identities_user_id ON identities(user_id);
INSERT INTO identities VALUES
  (1, 1, 0, 1, 'Ada', 'Analytical; Engines', 'ada@example.org', 'reply@example.org', '', 'it''s me', 0),
  (2, 1, 1, 0, 'Deleted', '', 'old@example.org', '', '', '', 0),
  (3, 2, 0, 1, 'Émile', NULL, 'emile@example.org', '', 'copy@example.org', '', 1);

CREATE TABLE contacts (
  contact_id integer NOT NULL PRIMARY KEY,
  user_id integer NOT NULL default '0',
  changed datetime NOT NULL default '0000-00-00 00:00:00',
  del tinyint NOT NULL default '0',
  name varchar(128) NOT NULL default '',
  email varchar(128) NOT NULL default '',
  firstname varchar(128) NOT NULL default '',
  surname varchar(128) NOT NULL default '',
  vcard text NOT NULL default ''
);
CREATE INDEX ix_contacts_user_id ON contacts(user_id);
INSERT INTO contacts VALUES
  (1, 1, '2007-08-01 12:00:00', 0, 'Grace', 'grace@example.org', 'Grace', 'H.', 'BEGIN:VCARD
END:VCARD'),
  (2, 2, '2007-08-02 12:00:00', 1, 'Alan', 'alan@example.org', 'Alan', 'T.', ''),
  (3, 99, '2007-08-03 12:00:00', 0, 'Nobody''s', 'nobody@example.org', '', '', '');

CREATE TABLE session (
  sess_id varchar(40) NOT NULL PRIMARY KEY,
  created datetime NOT NULL default '0000-00-00 00:00:00',
  changed datetime NOT NULL default '0000-00-00 00:00:00',
  ip varchar(15) NOT NULL default '',
  vars text NOT NULL
);
INSERT INTO session VALUES ('0123456789abcdef', '2008-01-02 09:30:00', '2008-01-02 09:31:00', '192.0.2.1', 'x');

CREATE TABLE cache (
  cache_id integer NOT NULL PRIMARY KEY,
  user_id integer NOT NULL default '0',
  session_id varchar(40) default NULL,
  cache_key varchar(128) NOT NULL default '',
  created datetime NOT NULL default '0000-00-00 00:00:00',
  data text NOT NULL
);
CREATE INDEX ix_cache_user_cache_key ON cache(user_id, cache_key);
INSERT INTO cache VALUES (1, 1, '0123456789abcdef', 'mailboxes', '2008-01-02 09:30:00', 'a:0:{}');

CREATE TABLE messages (
  message_id integer NOT NULL PRIMARY KEY,
  user_id integer NOT NULL default '0',
  del tinyint NOT NULL default '0',
  cache_key varchar(128) NOT NULL default '',
  created datetime NOT NULL default '0000-00-00 00:00:00',
  idx integer NOT NULL default '0',
  uid integer NOT NULL default '0',
  subject varchar(255) NOT NULL default '',
  "from" varchar(255) NOT NULL default '',
  "to" varchar(255) NOT NULL default '',
  "cc" varchar(255) NOT NULL default '',
  "date" datetime NOT NULL default '0000-00-00 00:00:00',
  size integer NOT NULL default '0',
  headers text NOT NULL,
  body text
);
INSERT INTO messages VALUES (1, 1, 0, 'INBOX', '2008-01-02 09:30:00', 1, 7, 'Hello', 'grace@example.org',
  'ada@example.org', '', '2008-01-01 08:00:00', 1024, 'x', 'y');
