#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "database/backend.hpp"
#include "database/mariadb/connection.hpp"
#include "database/mariadb/content.hpp"
#include "database/mariadb/versioning.hpp"

namespace bench {

/// A database beside the site's own, on the same server, named `<db_name>_bench_<operation>`: the admin
/// account needs ALL on `<db_name>\_bench\_%`.
///
/// What runs with the rights of its definer gets the live database's definer where that has the very same
/// object, else the app's account; where the admin account may set no definers (SET USER), the admin account
/// itself.
class MariadbScratch : public Scratch {
 public:
  MariadbScratch(const SiteDatabase& site, const ConnectOptions& options, std::string_view owner);
  ~MariadbScratch() override;
  std::vector<LeftOut> load(const ByteSource& source, const std::function<void(std::uint64_t)>& advance,
                            Extent extent) override;
  std::vector<std::string> lacking() override;
  void check() override;
  ContentSummary summarize() override;
  Database& connection() override;
  void swap_in(Database& run_connection, const std::function<void()>& keep, Progress* progress) override;
  std::vector<std::string> given_to_others() override { return m_given_to_others; }

 private:
  class LoaderAccount;
  ConnectionSettings settings() const;
  const std::vector<MariadbObject>& programs();

  SiteDatabase m_site;
  ConnectOptions m_options;
  std::string m_owner;  ///< the operation
  std::string m_name;
  std::map<std::string, std::string> m_event_status;
  MariadbHistory m_history = MariadbHistory::left_out;  ///< of the text that was loaded
  std::vector<std::string> m_given_to_others;
  std::optional<std::vector<MariadbObject>> m_programs;
  std::unique_ptr<LoaderAccount> m_loader;
  std::unique_ptr<MariadbDatabase> m_connection;
};

/// See Backend::recover_scratch.
void recover_mariadb_scratch(const SiteDatabase& site, std::string_view owner);

/// What gives the account of `server` the right to scratch databases of the site, as a statement.
std::string mariadb_scratch_grant(const SiteDatabase& site, MariadbDatabase& server);

/// Names of the scratch database (and of the account that loads it), and of the one that holds what it
/// replaced until that is dropped. Error{configuration} when the live database's name leaves no room for
/// them.
std::string mariadb_scratch_name(const SiteDatabase& site, std::string_view owner);
std::string mariadb_replaced_name(const SiteDatabase& site, std::string_view owner);

}  // namespace bench
