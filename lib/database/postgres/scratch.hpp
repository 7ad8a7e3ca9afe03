#pragma once

#include <memory>

#include "database/backend.hpp"
#include "database/postgres/connection.hpp"

namespace bench {

/// A database beside the site's own, on the same server, whose objects belong to the same role.
class PostgresScratch : public Scratch {
 public:
  PostgresScratch(const SiteDatabase& site, const ConnectOptions& options, std::string_view owner);
  ~PostgresScratch() override;
  std::vector<LeftOut> load(const ByteSource& source, const std::function<void(std::uint64_t)>& advance,
                            Extent extent) override;
  void check() override;
  ContentSummary summarize() override;
  Database& connection() override;
  std::vector<std::string> lacking() override;
  void swap_in(Database& run_connection, const std::function<void()>& keep, Progress* progress) override;

 private:
  class LoaderAccount;
  void create();
  bool make_extension(const std::string& statement);
  void make_what_is_left(const std::vector<std::string>& statements);
  ConnectionSettings settings() const { return with_name(m_admin, m_name); }

  SiteDatabase m_site;
  ConnectionSettings m_admin;
  ConnectOptions m_options;
  std::string m_owner;  ///< the operation
  std::string m_name;
  std::string m_role;                   ///< that owns what is loaded
  std::vector<std::string> m_not_made;  ///< statements of the text that bench's account may not run
  std::unique_ptr<PostgresDatabase> m_connection;
};

/// See Backend::recover_scratch.
void recover_postgres_scratch(const SiteDatabase& site, std::string_view owner);

/// Names of the scratch database (and of the account that loads it), and of the one that it replaced until
/// that is dropped.
std::string scratch_name(const SiteDatabase& site, std::string_view owner);
std::string replaced_name(const SiteDatabase& site, std::string_view owner);

}  // namespace bench
