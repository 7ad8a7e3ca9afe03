#include "database/database.hpp"

#include "base/error.hpp"

namespace bench {

void Database::read(std::string_view statement, std::span<const Value> parameters,
                    const std::function<void(RowView)>& see, std::vector<AnswerColumn>* columns) {
  std::vector<ValueView> views;
  for (const Row& row : query(statement, parameters, columns)) {
    views.clear();
    for (const Value& value : row) views.push_back(view_of(value));
    see(views);
  }
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
