#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "contract/postgres_site.hpp"

using namespace bench;
using namespace bench::test;

namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Threads that do something again and again until they are stopped. What they throw is kept: an exception
/// that left its thread would end the program with the other threads still in it.
class Crowd {
 public:
  void add(std::function<void()> action) {
    m_threads.emplace_back([this, action = std::move(action)] {
      while (!m_stopping) {
        try {
          action();
        } catch (const std::exception& error) {
          const std::lock_guard lock(m_mutex);
          m_surprises.insert(error.what());
        }
        std::this_thread::sleep_for(between_actions);
      }
    });
  }
  ~Crowd() { stop(); }
  /// Answers what was thrown.
  std::set<std::string> stop() {
    m_stopping = true;
    for (std::thread& thread : m_threads) thread.join();
    m_threads.clear();
    return m_surprises;
  }

 private:
  // Twenty clients that never rest leave two processors no time to show anything but their own queue.
  static constexpr milliseconds between_actions{5};
  std::atomic<bool> m_stopping = false;
  std::mutex m_mutex;
  std::set<std::string> m_surprises;
  std::vector<std::thread> m_threads;
};

enum class Client { stays, connects_anew };
enum class Write { plain, prepared, in_a_transaction };

/// A client of a site: its own connection, or a new one for each action.
class AppClient {
 public:
  AppClient(const PostgresSite& site, Client client) : m_site(site) {
    if (client == Client::stays) m_own = prepared_connection();
  }
  /// Whether it was let through; refused is the only other way.
  bool write(Write how) {
    const auto fresh = m_own ? nullptr : prepared_connection();
    Database& app = m_own ? *m_own : *fresh;
    try {
      if (how == Write::plain) app.execute("INSERT INTO t (words) VALUES ('plain')");
      if (how == Write::prepared) app.execute("EXECUTE writing");
      if (how == Write::in_a_transaction) write_in_transaction(app);
      return true;
    } catch (const Error& error) {
      if (error.sqlstate() != "42501") throw;
      if (app.in_transaction()) app.execute("ROLLBACK");
      return false;
    }
  }
  void read() {
    const auto fresh = m_own ? nullptr : m_site.app();
    (m_own ? *m_own : *fresh).query("SELECT count(*) FROM t WHERE id < 100");
  }

 private:
  std::unique_ptr<Database> prepared_connection() {
    auto app = m_site.app();
    app->execute("PREPARE writing AS INSERT INTO t (words) VALUES ('prepared')");
    return app;
  }
  void write_in_transaction(Database& app) {
    app.execute("BEGIN");
    app.execute("INSERT INTO t (words) VALUES ('in a transaction')");
    std::this_thread::sleep_for(milliseconds(3));
    app.execute("UPDATE t SET words = words || '.' WHERE id = 1 + pg_backend_pid() % 10");
    app.execute("COMMIT");
  }

  const PostgresSite& m_site;
  std::unique_ptr<Database> m_own;
};

struct Counts {
  std::array<std::atomic<long>, 10> written{};  ///< by each writer
  std::atomic<long> refused = 0, read = 0, neighbours = 0;
  std::array<std::atomic<long>, 8> slowest{};  ///< milliseconds, of each of the neighbour's clients

  std::array<long, 10> written_so_far() const {
    std::array<long, 10> numbers{};
    for (std::size_t index = 0; index < numbers.size(); ++index) numbers[index] = written[index];
    return numbers;
  }
  /// What three of the neighbour's clients had to wait for at least once since this was asked before: a
  /// loaded machine holds up one client or another, a lock would hold up all of them.
  long take_pause() {
    std::array<long, 8> pauses{};
    for (std::size_t index = 0; index < pauses.size(); ++index) pauses[index] = slowest[index].exchange(0);
    std::ranges::sort(pauses, std::greater<>());
    return pauses[2];
  }
  bool all_wrote_since(const std::array<long, 10>& before) const {
    for (std::size_t index = 0; index < before.size(); ++index)
      if (written[index] <= before[index]) return false;
    return true;
  }
};

void add_writers(Crowd& crowd, const PostgresSite& site, Counts& counts) {
  for (std::size_t index = 0; index < counts.written.size(); ++index) {
    const auto client = std::make_shared<AppClient>(site, index < 8 ? Client::stays : Client::connects_anew);
    crowd.add([&counts, index, client] {
      client->write(static_cast<Write>(index % 3)) ? ++counts.written[index] : ++counts.refused;
    });
  }
}

void add_readers(Crowd& crowd, const PostgresSite& site, Counts& counts) {
  for (const Client kind : {Client::stays, Client::connects_anew}) {
    const auto client = std::make_shared<AppClient>(site, kind);
    crowd.add([&counts, client] {
      client->read();
      ++counts.read;
    });
  }
}

void add_neighbours(Crowd& crowd, const PostgresSite& site, Counts& counts) {
  for (std::size_t index = 0; index < counts.slowest.size(); ++index) {
    const auto client =
        std::make_shared<AppClient>(site, index % 2 == 0 ? Client::stays : Client::connects_anew);
    crowd.add([&counts, index, client] {
      const auto begin = SteadyClock::now();
      if (index >= 4)
        client->read();
      else if (!client->write(static_cast<Write>(index % 3)))
        throw std::runtime_error("a neighbour was refused");
      ++counts.neighbours;
      const auto time = std::chrono::duration_cast<milliseconds>(SteadyClock::now() - begin).count();
      counts.slowest[index] = std::max<long>(counts.slowest[index], time);
    });
  }
}

bool becomes_true(const std::function<bool()>& question) {
  const auto deadline = SteadyClock::now() + std::chrono::seconds(10);
  while (!question() && SteadyClock::now() < deadline) std::this_thread::sleep_for(milliseconds(5));
  return question();
}

}  // namespace

TEST_CASE("postgres: a storm of writers changes not one row in the window, and neighbours notice nothing",
          "[alone]") {
  PostgresSite site, neighbour;
  Counts counts;
  Crowd crowd;
  add_writers(crowd, site, counts);
  add_readers(crowd, site, counts);
  add_neighbours(crowd, neighbour, counts);
  REQUIRE(becomes_true([&] { return counts.all_wrote_since({}); }));
  counts.take_pause();
  std::this_thread::sleep_for(milliseconds(1'000));
  const long pause_without = counts.take_pause();

  const FenceReport report = site.enter();
  const auto content = [&] {
    return site.run->query("SELECT count(*), max(id), md5(string_agg(words, ',' ORDER BY id)) FROM t");
  };
  const auto before = content();
  const long refused = counts.refused, read = counts.read, neighbours = counts.neighbours;
  const auto written = counts.written_so_far();
  CHECK(report.level == FenceLevel::database);
  CHECK(report.ended_sessions == 0);
  std::this_thread::sleep_for(milliseconds(1'000));
  CHECK(content() == before);
  CHECK(counts.refused > refused);
  CHECK(counts.read > read);
  CHECK(counts.neighbours > neighbours);
  CHECK_FALSE(counts.all_wrote_since(written));
  CHECK(site.lift().empty());

  const auto at_the_lift = counts.written_so_far();
  CHECK(becomes_true([&] { return counts.all_wrote_since(at_the_lift); }));
  CHECK(crowd.stop() == std::set<std::string>());
  const long pause = counts.take_pause();
  INFO(fmt::format("drain {} ms, the neighbour paused for {} ms, without a fence for {} ms",
                   report.drain.count(), pause, pause_without));
  // On a loaded machine they wait without any fence as well.
  CHECK(pause <= std::max(250L, 3 * pause_without));
}
