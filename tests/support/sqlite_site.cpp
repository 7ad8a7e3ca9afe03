#include "support/sqlite_site.hpp"

#include "base/atomic_file.hpp"
#include "base/file.hpp"
#include "database/backend.hpp"

namespace bench::test {

namespace {

Site make_site(const BenchFolder& bench) {
  Site site(bench.path(), bench.sites_folder() / "site");
  make_folders(site.path());
  write_file_atomically(site.config_file(), "{\n \"db_name\": \"site\",\n \"db_type\": \"sqlite\"\n}\n");
  get_backend("sqlite").create_database({.app = connection_settings(site.config(), site.path()), .admin = {}},
                                        AppAccount::must_be_new, [] {});
  return site;
}

}  // namespace

SqliteSite::SqliteSite() : m_bench(BenchFolder::create(m_folder / "bench")), m_site(make_site(m_bench)) {}

std::string SqliteSite::config_text() const {
  return read_file(m_site.config_file());
}

void SqliteSite::write_config(const std::string& text) const {
  write_file_atomically(m_site.config_file(), text);
}

}  // namespace bench::test
