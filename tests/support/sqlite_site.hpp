#pragma once

#include <filesystem>
#include <string>

#include "site/bench_folder.hpp"
#include "support/temporary_folder.hpp"

namespace bench::test {

/// A bench with one site `site` that has an empty SQLite database, made by hand: for rooms that lie below the
/// workflows.
class SqliteSite {
 public:
  SqliteSite();
  const Site& site() const { return m_site; }
  std::string config_text() const;
  void write_config(const std::string& text) const;

 private:
  TemporaryFolder m_folder;
  BenchFolder m_bench;
  Site m_site;
};

}  // namespace bench::test
