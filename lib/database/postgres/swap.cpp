#include "database/postgres/swap.hpp"

#include <fmt/format.h>

#include <atomic>
#include <thread>

#include "base/error.hpp"
#include "database/postgres/accounts.hpp"
#include "database/postgres/all_rights.hpp"
#include "database/postgres/connection.hpp"
#include "database/postgres/large_objects.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

constexpr int attempts = 10;
constexpr std::string_view in_use = "55006";  // object_in_use

/// Ends the sessions of two databases again and again while it lives: between two looks a client may have
/// come back. New ones wait while the databases are renamed.
class SessionEnder {
 public:
  SessionEnder(const ConnectionSettings& admin, const std::string& one, const std::string& other)
      : m_server(connect_to_server(admin)), m_names{one, other} {
    end_sessions();
    m_thread = std::thread([this] {
      while (!m_stopping) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        // Whoever is left is noticed by the rename itself.
        try {
          end_sessions();
        } catch (const Error&) {
          return;
        }
      }
    });
  }
  ~SessionEnder() {
    m_stopping = true;
    m_thread.join();
  }
  SessionEnder(const SessionEnder&) = delete;
  SessionEnder& operator=(const SessionEnder&) = delete;

 private:
  void end_sessions() {
    for (const std::string& name : m_names) end_postgres_sessions(*m_server, name);
  }
  std::unique_ptr<PostgresDatabase> m_server;
  std::vector<std::string> m_names;
  std::atomic<bool> m_stopping = false;
  std::thread m_thread;
};

bool is_of_database(const Grant& grant) {
  return grant.kind == "database";
}

// A setting that is a list reads right only when the server itself takes it over from the session.
void copy_settings(PostgresDatabase& server, const std::string& from, const std::string& to) {
  server.execute(fmt::format("ALTER DATABASE {} RESET ALL", quote_name(to)));
  const std::vector<Value> name{from};
  for (const Row& row : server.query(
           "SELECT coalesce(r.rolname, ''), split_part(c, '=', 1), substr(c, strpos(c, '=') + 1) FROM "
           "pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole, "
           "LATERAL unnest(s.setconfig) c WHERE s.setdatabase = (SELECT oid FROM pg_catalog.pg_database "
           "WHERE "
           "datname = ?)",
           name)) {
    const std::string role = to_text(row[0]);
    const std::vector<Value> setting{row[1], row[2]};
    server.query("SELECT pg_catalog.set_config(?, ?, true)", setting);
    server.execute(fmt::format("ALTER {} SET {} FROM CURRENT",
                               role.empty() ? "DATABASE " + quote_name(to)
                                            : "ROLE " + quote_name(role) + " IN DATABASE " + quote_name(to),
                               to_text(row[1])));
  }
}

void copy_database_facts(PostgresDatabase& server, const std::string& from, const std::string& to) {
  const std::vector<Value> name{from};
  const Row facts =
      server
          .query(
              "SELECT pg_catalog.pg_get_userbyid(datdba), datconnlimit, "
              "pg_catalog.shobj_description(oid, 'pg_database') FROM pg_catalog.pg_database WHERE "
              "datname = ?",
              name)
          .at(0);
  const std::string quoted = quote_name(to);
  server.execute(fmt::format("ALTER DATABASE {} OWNER TO {}", quoted, quote_name(to_text(facts[0]))));
  server.execute(fmt::format("ALTER DATABASE {} CONNECTION LIMIT {}", quoted, to_text(facts[1])));
  if (!is_null(facts[2]))
    server.execute(fmt::format("COMMENT ON DATABASE {} IS {}", quoted, quote_text(to_text(facts[2]))));
  copy_settings(server, from, to);
}

void copy_database_rights(PostgresDatabase& server, const std::vector<Grant>& grants, const std::string& to) {
  server.execute(fmt::format("REVOKE ALL ON DATABASE {} FROM PUBLIC", quote_name(to)));
  std::vector<Grant> renamed;
  for (Grant grant : grants) {
    if (!is_of_database(grant)) continue;
    grant.name = to;
    renamed.push_back(std::move(grant));
  }
  for (const std::string& statement : statements_for(renamed, Change::give)) server.execute(statement);
}

void rename(PostgresDatabase& server, const std::string& from, const std::string& to) {
  server.execute(fmt::format("ALTER DATABASE {} RENAME TO {}", quote_name(from), quote_name(to)));
}

std::unique_ptr<PostgresDatabase> connect_as_itself(const ConnectionSettings& admin,
                                                    const std::string& name) {
  return std::make_unique<PostgresDatabase>(with_name(admin, name), ConnectOptions{},
                                            PostgresDatabase::WorksAs::itself);
}

}  // namespace

void swap_postgres_database(const SiteDatabase& site, const std::string& scratch,
                            const std::string& replaced) {
  const ConnectionSettings& admin = site.for_changes();
  const std::string& name = site.app.name;
  std::vector<Grant> grants;
  {
    const auto live = connect_as_itself(admin, name);
    const auto loaded = connect_as_itself(admin, scratch);
    AllRights rights = read_all_rights(*live);
    grants = rights.grants;
    // On the database itself, which is named otherwise still.
    std::erase_if(rights.grants, is_of_database);
    set_all_rights(*loaded, rights);
    hand_over_large_objects(*live, *loaded, site.app.user);
  }
  const auto server = connect_to_server(admin);
  for (int attempt = 1;; ++attempt) {
    const SessionEnder ender(admin, name, scratch);
    try {
      Transaction transaction(*server);
      copy_database_facts(*server, name, scratch);
      copy_database_rights(*server, grants, scratch);
      rename(*server, name, replaced);
      rename(*server, scratch, name);
      return transaction.commit();
    } catch (const Error& error) {
      if (error.sqlstate() != in_use) throw;
      if (attempt == attempts)
        throw error.with_kind(Kind::busy).with_hint("stop the site's processes and try again");
    }
  }
}

}  // namespace bench
