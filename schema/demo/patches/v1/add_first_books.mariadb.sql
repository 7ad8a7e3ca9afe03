INSERT INTO `tabAuthor` (name, born) VALUES
  ('Ursula K. Le Guin', 1929),
  ('Italo Calvino', 1923),
  ('Toni Morrison', 1931);

INSERT INTO `tabBook` (name, title, author, published) VALUES
  ('BOOK-0001', 'The Dispossessed', 'Ursula K. Le Guin', 1974),
  ('BOOK-0002', 'If on a winter''s night a traveler', 'Italo Calvino', 1979),
  ('BOOK-0003', 'Beloved', 'Toni Morrison', 1987);

INSERT INTO `tabLoan` (name, book, reader, lent_on) VALUES ('LOAN-0001', 'BOOK-0002', 'Ada', '2026-11-02');
