#include "database/mariadb/grants.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "database/mariadb/accounts.hpp"
#include "database/mariadb/literal.hpp"

namespace bench {

namespace {

struct Privilege {
  std::string_view column;  ///< of mysql.db, without _priv
  std::string_view name;
};

// All but those that only read (SELECT, SHOW VIEW, REFERENCES) and GRANT OPTION.
constexpr std::array write_privileges{Privilege{"Insert", "INSERT"},
                                      Privilege{"Update", "UPDATE"},
                                      Privilege{"Delete", "DELETE"},
                                      Privilege{"Create", "CREATE"},
                                      Privilege{"Drop", "DROP"},
                                      Privilege{"Index", "INDEX"},
                                      Privilege{"Alter", "ALTER"},
                                      Privilege{"Create_tmp_table", "CREATE TEMPORARY TABLES"},
                                      Privilege{"Lock_tables", "LOCK TABLES"},
                                      Privilege{"Create_view", "CREATE VIEW"},
                                      Privilege{"Create_routine", "CREATE ROUTINE"},
                                      Privilege{"Alter_routine", "ALTER ROUTINE"},
                                      Privilege{"Execute", "EXECUTE"},
                                      Privilege{"Event", "EVENT"},
                                      Privilege{"Trigger", "TRIGGER"},
                                      Privilege{"Delete_history", "DELETE HISTORY"}};

// Rights on the server that let their holder write, or take back what was revoked.
constexpr std::string_view global_write_privileges =
    "'INSERT','UPDATE','DELETE','CREATE','DROP','INDEX','ALTER','CREATE VIEW','CREATE ROUTINE','ALTER "
    "ROUTINE',"
    "'EVENT','TRIGGER','DELETE HISTORY','SUPER','SET USER','CREATE USER'";

constexpr std::string_view everybody = "PUBLIC";

std::string flag_columns() {
  std::string columns;
  for (const Privilege& privilege : write_privileges) columns += fmt::format(", {}_priv", privilege.column);
  return columns;
}

std::string writes_anything() {
  std::string condition = "'Y' IN (";
  for (const Privilege& privilege : write_privileges)
    condition += fmt::format("{}{}_priv", condition.back() == '(' ? "" : ", ", privilege.column);
  return condition + ")";
}

std::string flagged(const Row& row, std::size_t first) {
  std::vector<std::string_view> names;
  for (std::size_t at = 0; at < write_privileges.size(); ++at)
    if (to_text(row.at(first + at)) == "Y") names.push_back(write_privileges[at].name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string in_capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

// The members of a SET such as "Select,Create View,Delete versioning rows".
std::vector<std::string> write_members(const std::string& set) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < set.size();) {
    const std::size_t end = std::min(set.find(',', begin), set.size());
    const std::string member = in_capitals(set.substr(begin, end - begin));
    begin = end + 1;
    if (member == "SELECT" || member == "SHOW VIEW" || member == "REFERENCES" || member == "GRANT") continue;
    names.push_back(member == "DELETE VERSIONING ROWS" ? "DELETE HISTORY" : member);
  }
  return names;
}

void add_column_grants(MariadbDatabase& server, const std::vector<Value>& which,
                       std::vector<MariadbGrant>& grants) {
  for (const Row& row : server.query("SELECT Host, User, Db, Table_name, Column_name, Column_priv FROM "
                                     "mysql.columns_priv WHERE Db = ? AND User = ?",
                                     which))
    for (const std::string& privilege : write_members(to_text(row[5])))
      grants.push_back({fmt::format("{} ({})", privilege, mariadb_name(to_text(row[4]))),
                        fmt::format("{}.{}", mariadb_name(to_text(row[2])), mariadb_name(to_text(row[3]))),
                        to_text(row[1]), to_text(row[0])});
}

void add_object_grants(MariadbDatabase& server, std::string_view query, const std::vector<Value>& which,
                       std::vector<MariadbGrant>& grants) {
  for (const Row& row : server.query(query, which)) {
    const auto privileges = write_members(to_text(row[5]));
    if (privileges.empty()) continue;
    const std::string type = to_text(row[4]);
    grants.push_back({fmt::format("{}", fmt::join(privileges, ", ")),
                      fmt::format("{}{}{}.{}", type, type.empty() ? "" : " ", mariadb_name(to_text(row[2])),
                                  mariadb_name(to_text(row[3]))),
                      to_text(row[1]), to_text(row[0])});
  }
}

void add_database_grants(MariadbDatabase& server, const std::vector<Value>& which,
                         std::vector<MariadbGrant>& grants) {
  for (const Row& row : server.query(
           fmt::format("SELECT Host, User, Db{} FROM mysql.db WHERE ? LIKE Db AND User = ?", flag_columns()),
           which))
    if (const std::string privileges = flagged(row, 3); !privileges.empty())
      grants.push_back({privileges, mariadb_name(to_text(row[2])) + ".*", to_text(row[1]), to_text(row[0])});
}

}  // namespace

std::string MariadbGrant::account() const {
  if (!host.empty()) return mariadb_account(user, host);
  return user == everybody ? user : mariadb_name(user);
}

std::string MariadbGrant::grant() const {
  return fmt::format("GRANT {} ON {} TO {}{}", privileges, object, account(),
                     may_grant ? " WITH GRANT OPTION" : "");
}

std::string MariadbGrant::revoke() const {
  return fmt::format("REVOKE {} ON {} FROM {}", privileges, object, account());
}

std::vector<MariadbGrant> write_grants(MariadbDatabase& server, const std::string& database,
                                       const std::string& user) {
  const std::vector<Value> which{database, user};
  std::vector<MariadbGrant> grants;
  add_column_grants(server, which, grants);
  add_object_grants(
      server,
      "SELECT Host, User, Db, Table_name, '', Table_priv FROM mysql.tables_priv WHERE Db = ? AND "
      "User = ?",
      which, grants);
  add_object_grants(
      server,
      "SELECT Host, User, Db, Routine_name, Routine_type, Proc_priv FROM mysql.procs_priv WHERE "
      "Db = ? AND User = ?",
      which, grants);
  add_database_grants(server, which, grants);
  return grants;
}

std::vector<std::string> other_databases_of(MariadbDatabase& server, const std::string& database,
                                            const std::string& user) {
  const std::vector<Value> which{user, user, database, escaped_pattern(database) + "\\_bench\\_%"};
  std::vector<std::string> names;
  for (const Row& row : server.query(
           fmt::format(
               "SELECT DISTINCT s.SCHEMA_NAME FROM information_schema.SCHEMATA s JOIN "
               "(SELECT Db FROM mysql.db WHERE User = ? AND {} UNION SELECT REPLACE(Db, '_', '\\\\_') "
               "FROM mysql.tables_priv WHERE User = ? AND Table_priv RLIKE 'Insert|Update|Delete') g "
               "ON s.SCHEMA_NAME LIKE g.Db WHERE s.SCHEMA_NAME <> ? AND s.SCHEMA_NAME NOT LIKE ? ORDER "
               "BY 1",
               writes_anything()),
           which))
    names.push_back(to_text(row[0]));
  return names;
}

namespace {

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  constexpr std::string_view comma = ", ";
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(comma, begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    begin = end + comma.size();
  }
  return parts;
}

/// Which of an account's rights change what a database holds.
class Harm {
 public:
  Harm(MariadbDatabase& server, const std::string& database) {
    const std::vector<Value> name{database};
    m_lends_rights = !server
                          .query(
                              "SELECT 1 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ? AND "
                              "SECURITY_TYPE = 'DEFINER' LIMIT 1",
                              name)
                          .empty();
  }

  // Who makes an event or a trigger gets no rights by it; both rights are what a dump needs to read them. To
  // call a routine changes something only when that lends its owner's rights.
  bool is_done_by(std::string_view privilege) const {
    if (privilege == "EXECUTE") return m_lends_rights;
    constexpr std::array harmless{"CREATE TEMPORARY TABLES", "LOCK TABLES", "EVENT", "TRIGGER"};
    return std::find(harmless.begin(), harmless.end(), privilege) == harmless.end();
  }

  std::string of(const std::string& privileges) const {
    std::vector<std::string> harmful;
    for (std::string& privilege : split(privileges))
      if (is_done_by(privilege)) harmful.push_back(std::move(privilege));
    return fmt::format("{}", fmt::join(harmful, ", "));
  }

  /// On every database; `row` has write_privileges from the first column on.
  std::string of(const Row& row) const { return of(flagged(row, 0)); }

 private:
  bool m_lends_rights = false;
};

std::string in_words(const std::string& user, const std::string& host) {
  return host.empty() && !user.empty() ? fmt::format("role {}", mariadb_name(user))
                                       : fmt::format("account {}", mariadb_account(user, host));
}

bool is_known(const std::vector<std::string>& users, const std::string& user) {
  return user == everybody || std::find(users.begin(), users.end(), user) != users.end();
}

void add_grants_on_it(std::vector<std::string>& words, MariadbDatabase& server, const std::string& database,
                      const Harm& harm, const std::vector<std::string>& known_users) {
  const std::vector<Value> accounts{database, database, database, database};
  for (const Row& row :
       server.query("SELECT DISTINCT User FROM mysql.db WHERE ? LIKE Db UNION SELECT User FROM "
                    "mysql.tables_priv WHERE Db = ? UNION SELECT User FROM mysql.columns_priv "
                    "WHERE Db = ? UNION SELECT User FROM mysql.procs_priv WHERE Db = ?",
                    accounts)) {
    const std::string user = to_text(row[0]);
    if (is_known(known_users, user)) continue;
    for (const MariadbGrant& grant : write_grants(server, database, user))
      if (const std::string privileges = harm.of(grant.privileges); !privileges.empty())
        words.push_back(
            fmt::format("{} may {} on {}", in_words(grant.user, grant.host), privileges, grant.object));
  }
}

// Who may make accounts may do anything.
void add_grants_on_all(std::vector<std::string>& words, MariadbDatabase& server, const Harm& harm,
                       const std::vector<std::string>& known_users) {
  for (const Row& row : server.query(fmt::format(
           "SELECT {}, User, Host FROM mysql.user WHERE Super_priv = 'N' AND Create_user_priv = 'N' AND {}",
           flag_columns().substr(2), writes_anything()))) {
    const std::string user = to_text(row.at(write_privileges.size()));
    const std::string host = to_text(row.at(write_privileges.size() + 1));
    if (is_known(known_users, user)) continue;
    if (const std::string privileges = harm.of(row); !privileges.empty())
      words.push_back(fmt::format("{} may {} on every database", in_words(user, host), privileges));
  }
}

}  // namespace

std::vector<std::string> other_writers(MariadbDatabase& server, const std::string& database,
                                       const std::vector<std::string>& known_users) {
  const Harm harm(server, database);
  std::vector<std::string> words;
  add_grants_on_it(words, server, database, harm, known_users);
  add_grants_on_all(words, server, harm, known_users);
  return words;
}

namespace {

// The rights of a role, or of PUBLIC, which are stored as one's.
void add_lent(std::vector<std::string>& words, MariadbDatabase& server, const std::string& database,
              const std::string& role, const std::string& by) {
  const Harm harm(server, database);
  const std::vector<Value> name{role};
  for (const Row& row : server.query(
           fmt::format("SELECT {} FROM mysql.user WHERE User = ? AND Host = ''", flag_columns().substr(2)),
           name))
    if (const std::string privileges = harm.of(row); !privileges.empty())
      words.push_back(fmt::format("{} on every database by {}", privileges, by));
  for (const MariadbGrant& grant : write_grants(server, database, role))
    if (const std::string privileges = harm.of(grant.privileges); !privileges.empty() && grant.host.empty())
      words.push_back(fmt::format("{} on {} by {}", privileges, grant.object, by));
}

}  // namespace

std::vector<std::string> rights_beyond_the_database(MariadbDatabase& server, const std::string& database,
                                                    const std::string& user) {
  std::vector<std::string> words;
  const std::vector<Value> grantee{fmt::format("'{}'@%", escaped_pattern(user))};
  const auto global = server.query(
      fmt::format("SELECT GROUP_CONCAT(DISTINCT PRIVILEGE_TYPE SEPARATOR ', ') FROM "
                  "information_schema.USER_PRIVILEGES WHERE GRANTEE LIKE ? AND PRIVILEGE_TYPE IN ({})",
                  global_write_privileges),
      grantee);
  if (!is_null(global.at(0).at(0))) words.push_back(to_text(global[0][0]) + " on every database");
  const std::vector<Value> account{user};
  for (const Row& row :
       server.query("WITH RECURSIVE r(role) AS (SELECT Role FROM mysql.roles_mapping WHERE User = ? "
                    "UNION SELECT m.Role FROM mysql.roles_mapping m JOIN r ON m.User = r.role AND "
                    "m.Host = '') SELECT role FROM r",
                    account)) {
    const std::string role = to_text(row[0]);
    add_lent(words, server, database, role, "the role " + role);
  }
  add_lent(words, server, database, std::string(everybody), "PUBLIC, as everybody has");
  return words;
}

}  // namespace bench
