#include <fmt/format.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <thread>

#include "base/error.hpp"
#include "contract/postgres_site.hpp"
#include "support/forked_child.hpp"

using namespace bench;
using namespace bench::test;

TEST_CASE("postgres: a statement waits for locks patiently, and names who holds them") {
  PostgresSite site;
  const auto reader = site.app();
  reader->execute("BEGIN");
  reader->query("SELECT * FROM t");
  const Database::LockPatience patience{std::chrono::milliseconds(400), std::chrono::milliseconds(1'200)};
  const auto fails = [&] {
    try {
      site.run->execute_patiently("ALTER TABLE t ADD COLUMN more integer", patience);
      FAIL("it did not wait");
    } catch (const Error& error) {
      CHECK(error.kind() == Kind::busy);
      CHECK_THAT(error.what(),
                 Catch::Contains("SELECT * FROM t") &&
                     Catch::Matches(fmt::format("(.|\n)*pid [0-9]+, user {}, for [0-9]+ s: (.|\n)*",
                                                site.settings.app.user)));
    }
  };
  fails();
  Transaction transaction(*site.run);
  site.run->execute("INSERT INTO t (words) VALUES ('kept')");
  fails();
  std::thread ends([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    reader->execute("COMMIT");
  });
  site.run->execute_patiently("ALTER TABLE t ADD COLUMN more integer",
                              {patience.lock_timeout, std::chrono::seconds(5)});
  ends.join();
  transaction.commit();
  CHECK(number(*site.run, "SELECT count(more) + count(*) FROM t") == 1);
  CHECK(to_text(site.run->query("SHOW lock_timeout").at(0).at(0)) == "0");
}

TEST_CASE("postgres: whoever reads never queues longer behind a patient statement than its lock timeout") {
  PostgresSite site;
  const auto holder = site.app();
  holder->execute("BEGIN");
  holder->query("SELECT * FROM t");
  std::atomic<bool> done = false;
  std::atomic<long> slowest = 0, reads = 0;
  std::string trouble;
  std::thread reading([&, reader = site.app()] {
    while (!done && trouble.empty()) {
      const auto begin = std::chrono::steady_clock::now();
      try {
        reader->query("SELECT count(*) FROM t");
      } catch (const std::exception& error) {
        trouble = error.what();
      }
      const auto time = std::chrono::steady_clock::now() - begin;
      slowest = std::max<long>(slowest, std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
      ++reads;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  CHECK_THROWS_AS(site.run->execute_patiently("ALTER TABLE t ADD COLUMN more integer",
                                              {std::chrono::milliseconds(100), std::chrono::seconds(2)}),
                  Error);
  done = true;
  reading.join();
  CHECK(trouble.empty());
  CHECK(reads > 50);
  // 100 ms in the queue, and what a loaded machine adds to it: far from the 2 s that the statement waits.
  CHECK(slowest < 1'000);
}

TEST_CASE("postgres: the site's lock is one connection's, and names its holder") {
  PostgresSite site;
  CHECK_FALSE(site.run->try_site_lock());
  CHECK_FALSE(site.run->try_site_lock());
  const auto other = test::open(site.settings);
  const auto holder = other->try_site_lock();
  REQUIRE(holder);
  CHECK_THAT(holder->told, Catch::Contains(fmt::format("pid {}, since 20", getpid())));
  site.run.reset();
  for (int attempt = 0; attempt < 100 && other->try_site_lock(); ++attempt)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK_FALSE(other->try_site_lock());
}

TEST_CASE("postgres: the site's lock goes with a client that is killed, idle or inside a statement") {
  PostgresSite site;
  const bool inside_a_statement = GENERATE(false, true);
  INFO("inside a statement: " << inside_a_statement);
  ForkedChild child([&](const std::function<void()>& ready) {
    const auto run = test::open(site.settings);
    if (run->try_site_lock()) return;
    ready();
    if (inside_a_statement) run->query("SELECT pg_sleep(60)");
    pause();
  });
  REQUIRE(child.wait_until_ready());
  const auto holder = site.run->try_site_lock();
  REQUIRE(holder);
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  CHECK_THAT(holder->told,
             Catch::StartsWith(fmt::format("host {}, pid {}, since 20", host.data(), child.pid())));
  if (inside_a_statement) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  child.kill();
  const auto killed = std::chrono::steady_clock::now();
  while (site.run->try_site_lock() && std::chrono::steady_clock::now() - killed < std::chrono::seconds(5))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK_FALSE(site.run->try_site_lock());
}

TEST_CASE(
    "postgres: the connection with the site's lock is in no transaction, and may build indexes beside it") {
  PostgresSite site;
  CHECK_FALSE(site.run->try_site_lock());
  CHECK_FALSE(site.run->in_transaction());
  CHECK(words(*site.administrator(),
              "SELECT a.state FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid AND l.locktype = "
              "'advisory' WHERE a.datname = current_database()") == "idle");
  CHECK_NOTHROW(site.run->execute("CREATE INDEX CONCURRENTLY t_words ON t (words)"));
  CHECK(test::open(site.settings)->try_site_lock());
}
