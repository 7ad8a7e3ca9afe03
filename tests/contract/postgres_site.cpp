#include "contract/postgres_site.hpp"

#include <catch2/catch.hpp>

#include "base/error.hpp"

namespace bench::test {

const TestDatabase& postgres() {
  const TestDatabase* database = find_test_database("postgres");
  REQUIRE(database != nullptr);
  return *database;
}

std::string in_quotes(const std::string& name) {
  return quote_identifier(Dialect::postgres, name);
}

std::int64_t number(Database& database, const std::string& query) {
  return to_integer(database.query(query).at(0).at(0));
}

std::string words(Database& database, const std::string& query) {
  return to_text(database.query(query).at(0).at(0));
}

PostgresSite::PostgresSite() : settings(make_database(postgres(), folder.path())), run(test::open(settings)) {
  run->execute("CREATE TABLE t (id serial PRIMARY KEY, words text)");
  fence = get_backend("postgres").make_fence(settings, run.get());
}

FenceReport PostgresSite::enter(FenceOptions options) {
  return fence->enter(options, [this](const nlohmann::json& inverse) { saved.push_back(inverse); });
}

std::vector<std::string> PostgresSite::lift() {
  return get_backend("postgres").make_fence(settings, nullptr)->lift(saved);
}

std::unique_ptr<Database> PostgresSite::administrator() const {
  auto database = test::open(settings);
  database->execute("RESET ROLE");
  return database;
}

std::unique_ptr<Scratch> PostgresSite::scratch(const std::string& scratch_owner) const {
  return get_backend("postgres").make_scratch(settings, {}, folder.path(), scratch_owner);
}

std::vector<std::string> PostgresSite::findings() const {
  return get_backend("postgres").make_fence(settings, run.get())->preflight();
}

OtherRole::OtherRole(const PostgresSite& site, const std::string& suffix, const std::string& options)
    : m_site(site), m_name(site.settings.app.name + suffix) {
  site.administrator()->execute("CREATE ROLE " + quoted() + " " + options);
}

OtherRole::~OtherRole() {
  const auto administrator = m_site.administrator();
  administrator->execute("DROP OWNED BY " + quoted());
  administrator->execute("DROP ROLE " + quoted());
}

std::vector<Row> rights(Database& database) {
  return database.query(
      "SELECT relname, relacl::text, (SELECT string_agg(attname || attacl::text, ',' ORDER BY attnum) FROM "
      "pg_attribute WHERE attrelid = c.oid), (SELECT string_agg(defaclacl::text, ',' ORDER BY oid) FROM "
      "pg_default_acl) "
      "FROM pg_class c WHERE relnamespace = 'public'::regnamespace ORDER BY oid");
}

void refuses_writes(Database& database) {
  for (const char* statement :
       {"INSERT INTO t (words) VALUES ('x')", "UPDATE t SET words = 'x'", "DELETE FROM t", "TRUNCATE t",
        "SELECT nextval('t_id_seq')", "SELECT * FROM t FOR UPDATE", "CREATE TABLE mine (id integer)",
        "ALTER TABLE t ADD more integer"}) {
    INFO(statement);
    try {
      database.execute(statement);
      FAIL("it was let through");
    } catch (const Error& error) {
      CHECK(error.sqlstate() == "42501");
    }
  }
}

ByteSource source_of(const std::string& text) {
  return [&text, position = std::size_t{0}](std::span<char> buffer) mutable {
    const std::size_t size = text.copy(buffer.data(), buffer.size(), position);
    position += size;
    return size;
  };
}

}  // namespace bench::test
