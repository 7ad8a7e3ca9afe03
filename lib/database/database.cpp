#include "database/database.hpp"

#include "base/error.hpp"

namespace bench {

std::vector<Row> Database::query(std::string_view statement, std::span<const Value> parameters,
                                 std::vector<AnswerColumn>* columns) {
  std::vector<Row> rows;
  read(
      statement, parameters,
      [&rows](RowView views) {
        Row& row = rows.emplace_back();
        row.reserve(views.size());
        for (const ValueView& view : views) row.push_back(copy_of(view));
      },
      columns);
  return rows;
}

Transaction::Transaction(Database& database) : m_database(database) {
  m_database.begin();
}

Transaction::~Transaction() {
  if (!m_open) return;
  // A connection that is gone has rolled back by itself; there is nothing left to tell.
  try {
    m_database.rollback();
  } catch (const Error&) {
  }
}

void Transaction::commit() {
  m_database.commit();
  m_open = false;
}

Savepoint::Savepoint(Database& database, std::string name) : m_database(database), m_name(std::move(name)) {
  m_database.execute("SAVEPOINT " + quote_identifier(database.dialect(), m_name));
}

Savepoint::~Savepoint() {
  if (!m_open) return;
  const std::string quoted = quote_identifier(m_database.dialect(), m_name);
  // When this fails, the transaction around it is lost as well, and its own destructor undoes everything.
  try {
    m_database.execute("ROLLBACK TO SAVEPOINT " + quoted);
    m_database.execute("RELEASE SAVEPOINT " + quoted);
  } catch (const Error&) {
  }
}

void Savepoint::release() {
  m_database.execute("RELEASE SAVEPOINT " + quote_identifier(m_database.dialect(), m_name));
  m_open = false;
}

}  // namespace bench
