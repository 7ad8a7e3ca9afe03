#include "web/connection_pool.hpp"

#include <catch2/catch.hpp>

#include <fstream>

#include "base/error.hpp"
#include "database/backend.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using bench::test::TemporaryFolder;

namespace {

/// A pool of connections to a database file, which counts how often it had to open one.
struct Pool {
  TemporaryFolder folder;
  int opened = 0;
  bool refuses = false;
  ConnectionPool pool{std::chrono::seconds(10), [this](std::function<bool()>) {
                        if (refuses) throw Error(Kind::database, "ended while it logged in");
                        ++opened;
                        ConnectionSettings settings;
                        settings.db_type = "sqlite";
                        settings.file = folder.path() / "a.db";
                        std::ofstream(settings.file, std::ios::app).flush();
                        return get_backend("sqlite").connect(settings, {});
                      }};
};

}  // namespace

TEST_CASE("a connection serves one request after the other") {
  Pool pool;
  for (int request = 0; request < 3; ++request) CHECK_NOTHROW((*pool.pool.take()).query("SELECT 1"));
  CHECK(pool.opened == 1);
}

TEST_CASE("what was lent before one that could not log in is not lent again") {
  Pool pool;
  {
    const ConnectionPool::Lease earlier = pool.pool.take();
    pool.refuses = true;
    CHECK_THROWS_AS(pool.pool.take(), Error);
    pool.refuses = false;
  }
  ConnectionPool::Lease later = pool.pool.take();
  CHECK(pool.opened == 2);
}
