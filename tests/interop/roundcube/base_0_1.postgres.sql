-- A Roundcube database as version 0.1 left it on PostgreSQL, written from what the updates since then change.

CREATE SEQUENCE user_ids;
CREATE TABLE users (
  user_id integer DEFAULT nextval('user_ids'::text) PRIMARY KEY,
  username varchar(128) DEFAULT '' NOT NULL,
  mail_host varchar(128) DEFAULT '' NOT NULL,
  alias varchar(128) DEFAULT '' NOT NULL,
  created timestamp with time zone DEFAULT now() NOT NULL,
  last_login timestamp with time zone DEFAULT now() NOT NULL,
  "language" varchar(5) DEFAULT 'en' NOT NULL,
  preferences text DEFAULT '' NOT NULL
);
INSERT INTO users VALUES
  (1, 'ada', 'mail.example.org', 'ada@example.org', '2007-05-01 10:00:00Z', '2008-01-02 09:30:00Z', 'en_GB', 'a:0:{}'),
  (2, 'émile', 'mail.example.org', '', '2007-06-01 10:00:00Z', '2008-01-03 09:30:00Z', 'fr', '');
SELECT setval('user_ids', 2);

CREATE TABLE "session" (
  sess_id varchar(40) DEFAULT '' PRIMARY KEY,
  created timestamp with time zone DEFAULT now() NOT NULL,
  changed timestamp with time zone DEFAULT now() NOT NULL,
  ip varchar(16) NOT NULL,
  vars text NOT NULL
);
INSERT INTO "session" VALUES ('0123456789abcdef', '2008-01-02 09:30:00Z', '2008-01-02 09:31:00Z', '192.0.2.1', 'x');

CREATE SEQUENCE identity_ids;
CREATE TABLE identities (
  identity_id integer DEFAULT nextval('identity_ids'::text) PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users (user_id),
  del integer DEFAULT 0 NOT NULL,
  standard integer DEFAULT 0 NOT NULL,
  name varchar(128) NOT NULL,
  organization varchar(128),
  email varchar(128) NOT NULL,
  "reply-to" varchar(128),
  bcc varchar(128),
  signature text,
  html_signature integer DEFAULT 0 NOT NULL
);
INSERT INTO identities VALUES
  (1, 1, 0, 1, 'Ada', 'Analytical; Engines', 'ada@example.org', 'reply@example.org', '', 'it''s me', 0),
  (2, 2, 0, 1, 'Émile', '', 'emile@example.org', '', 'copy@example.org', '', 1);

CREATE SEQUENCE contact_ids;
CREATE TABLE contacts (
  contact_id integer DEFAULT nextval('contact_ids'::text) PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users (user_id),
  changed timestamp with time zone DEFAULT now() NOT NULL,
  del integer DEFAULT 0 NOT NULL,
  name varchar(128) DEFAULT '' NOT NULL,
  email varchar(128) DEFAULT '' NOT NULL,
  firstname varchar(128) DEFAULT '' NOT NULL,
  surname varchar(128) DEFAULT '' NOT NULL,
  vcard text
);
INSERT INTO contacts VALUES
  (1, 1, '2007-08-01 12:00:00Z', 0, 'Grace', 'grace@example.org', 'Grace', 'H.', E'BEGIN:VCARD\nEND:VCARD'),
  (2, 2, '2007-08-02 12:00:00Z', 1, 'Alan', 'alan@example.org', 'Alan', 'T.', NULL);

CREATE SEQUENCE cache_ids;
CREATE TABLE cache (
  cache_id integer DEFAULT nextval('cache_ids'::text) PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users (user_id),
  session_id varchar(40) REFERENCES "session" (sess_id),
  cache_key varchar(128) DEFAULT '' NOT NULL,
  created timestamp with time zone DEFAULT now() NOT NULL,
  data text NOT NULL
);
INSERT INTO cache VALUES (1, 1, '0123456789abcdef', 'mailboxes', '2008-01-02 09:30:00Z', 'a:0:{}');

CREATE SEQUENCE message_ids;
CREATE TABLE messages (
  message_id integer DEFAULT nextval('message_ids'::text) PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users (user_id),
  del integer DEFAULT 0 NOT NULL,
  cache_key varchar(128) DEFAULT '' NOT NULL,
  created timestamp with time zone DEFAULT now() NOT NULL,
  idx integer DEFAULT 0 NOT NULL,
  uid integer DEFAULT 0 NOT NULL,
  subject varchar(128) DEFAULT '' NOT NULL,
  headers text NOT NULL
);
INSERT INTO messages VALUES (1, 1, 0, 'INBOX', '2008-01-02 09:30:00Z', 1, 7, 'Hello', 'x');
