// MariaDB's fence while everybody writes: the site's own pool, and a neighbour on the same server who must
// not notice.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "base/error.hpp"
#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace bench::test;
using std::chrono::milliseconds;

namespace {

struct Site : OpenDatabase {
  Site() : OpenDatabase("mariadb") {
    admin->execute("CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY, words VARCHAR(100))");
    admin->execute("INSERT INTO t (words) VALUES ('first')");
    for (int index = 0; index < 50; ++index)
      admin->execute(fmt::format("CREATE TABLE other_{} (id INT PRIMARY KEY)", index));
  }
};

/// One client of a site, which connects again when its connection is lost, or for each of its actions.
class Client {
 public:
  enum class Connects { once, each_time };
  Client(const Site& site, Connects connects) : m_settings(site.settings), m_connects(connects) {}
  void run(const std::function<void(Database&)>& action) {
    if (!m_connection) m_connection = open_as_app(m_settings);
    try {
      action(*m_connection);
      if (m_connects == Connects::each_time) m_connection.reset();
    } catch (const Error&) {
      m_connection.reset();
      throw;
    }
  }

 private:
  SiteDatabase m_settings;
  Connects m_connects;
  std::unique_ptr<Database> m_connection;
};

void write_plainly(Database& app) {
  app.execute("INSERT INTO t (words) VALUES ('plain')");
}

void write_in_transaction(Database& app) {
  Transaction transaction(app);
  app.execute("INSERT INTO t (words) VALUES ('in a transaction')");
  app.execute("UPDATE t SET words = 'again' WHERE id = 1");
  transaction.commit();
}

void write_prepared(Database& app) {
  app.execute("PREPARE writing FROM 'INSERT INTO t (words) VALUES (''prepared'')'");
  for (int round = 0; round < 20; ++round) app.execute("EXECUTE writing");
}

void read_it(Database& app) {
  app.query("SELECT count(*) FROM t");
}

/// Threads that do the same again and again until it is destroyed.
class Crowd {
 public:
  void add(std::function<void()> action) {
    m_threads.emplace_back([this, action = std::move(action)] {
      while (!m_stopping) action();
    });
  }
  ~Crowd() {
    m_stopping = true;
    for (std::thread& thread : m_threads) thread.join();
  }

 private:
  std::atomic<bool> m_stopping = false;
  std::vector<std::thread> m_threads;
};

/// What nobody expected, and how often what was expected happened.
struct Tally {
  std::array<std::atomic<long>, 10> written{};  ///< by each of the site's writers
  std::atomic<long> refused = 0, read = 0, neighbours = 0;
  std::array<std::atomic<long>, 8> longest{};  ///< milliseconds, of each of the neighbour's clients
  std::mutex mutex;
  std::set<std::string> surprises;

  // A session that the fence ended, and a right that it took.
  void failed(const Error& error, bool may_be_refused) {
    const std::string_view words = error.what();
    const bool is_expected =
        may_be_refused && (error.kind() == Kind::database || error.kind() == Kind::busy ||
                           words.find("denied") != std::string_view::npos ||
                           words.find("interrupted") != std::string_view::npos);
    if (is_expected && ++refused > 0) return;
    const std::lock_guard lock(mutex);
    surprises.emplace(words);
  }

  std::array<long, 10> written_so_far() const {
    std::array<long, 10> numbers{};
    for (std::size_t index = 0; index < numbers.size(); ++index) numbers[index] = written[index];
    return numbers;
  }
  bool all_wrote_since(const std::array<long, 10>& before) const {
    for (std::size_t index = 0; index < before.size(); ++index)
      if (written[index] <= before[index]) return false;
    return true;
  }
  /// What three of the neighbour's clients had to wait for at least once since this was asked before: a
  /// loaded machine holds up one client or another, a lock would hold up all of them.
  long take_pause() {
    std::array<long, 8> pauses{};
    for (std::size_t index = 0; index < pauses.size(); ++index) pauses[index] = longest[index].exchange(0);
    std::ranges::sort(pauses, std::greater<>());
    return pauses[2];
  }
};

void add_site(Crowd& crowd, const Site& site, Tally& tally) {
  constexpr std::array actions{write_plainly, write_in_transaction, write_prepared};
  for (std::size_t index = 0; index < tally.written.size(); ++index) {
    const auto connects = index < 2 ? Client::Connects::each_time : Client::Connects::once;
    const auto action = index < 2 ? write_plainly : actions[index % actions.size()];
    crowd.add([&tally, index, action, client = std::make_shared<Client>(site, connects)] {
      try {
        client->run(action);
        ++tally.written[index];
      } catch (const Error& error) {
        tally.failed(error, true);
      }
    });
  }
  crowd.add([&tally, client = std::make_shared<Client>(site, Client::Connects::once)] {
    try {
      client->run(read_it);
      ++tally.read;
    } catch (const Error& error) {
      tally.failed(error, true);
    }
  });
}

void add_neighbour(Crowd& crowd, const Site& site, Tally& tally) {
  for (std::size_t index = 0; index < tally.longest.size(); ++index) {
    const auto connects = index % 2 == 0 ? Client::Connects::each_time : Client::Connects::once;
    const auto action = index < 4 ? write_plainly : read_it;
    crowd.add([&tally, index, action, client = std::make_shared<Client>(site, connects)] {
      const auto begin = std::chrono::steady_clock::now();
      try {
        client->run(action);
        ++tally.neighbours;
      } catch (const Error& error) {
        tally.failed(error, false);
      }
      const auto pause =
          std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin).count();
      tally.longest[index] = std::max<long>(tally.longest[index], pause);
      std::this_thread::sleep_for(milliseconds(1));
    });
  }
}

bool becomes_true(const std::function<bool()>& question) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!question() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(milliseconds(5));
  return question();
}

std::vector<Row> content(Database& database) {
  return database.query("SELECT count(*), max(id), BIT_XOR(CRC32(CONCAT(id, words))) FROM t");
}

}  // namespace

TEST_CASE("mariadb: a storm of writers changes not one row in the window, and neighbours notice nothing",
          "[alone]") {
  const Site site, neighbour;
  Tally tally;
  Crowd crowd;
  add_site(crowd, site, tally);
  add_neighbour(crowd, neighbour, tally);
  const auto fence = get_backend("mariadb").make_fence(site.settings, nullptr);
  REQUIRE(becomes_true([&tally] { return tally.all_wrote_since({}); }));
  long calm = 0, fenced = 0;
  for (int round = 0; round < 3; ++round) {
    tally.take_pause();
    std::this_thread::sleep_for(milliseconds(500));
    calm = std::max(calm, tally.take_pause());
    nlohmann::json saved = nlohmann::json::array();
    const FenceReport report =
        fence->enter({}, [&saved](const nlohmann::json& inverse) { saved.push_back(inverse); });
    CHECK(report.level == FenceLevel::database);
    const auto before = content(*site.admin);
    const long read = tally.read, refused = tally.refused, others = tally.neighbours;
    std::this_thread::sleep_for(milliseconds(400));
    CHECK(becomes_true(
        [&] { return tally.read > read && tally.refused > refused && tally.neighbours > others; }));
    CHECK(content(*site.admin) == before);
    CHECK(fence->lift(saved).empty());
    fenced = std::max(fenced, tally.take_pause());
    const auto at_the_lift = tally.written_so_far();
    CHECK(becomes_true([&] { return tally.all_wrote_since(at_the_lift); }));
  }
  INFO(fmt::format("the neighbour paused for {} ms, without a fence for {} ms", fenced, calm));
  // On a loaded machine they wait without any fence as well.
  CHECK(fenced <= std::max(250L, 3 * calm));
  const std::lock_guard lock(tally.mutex);
  CHECK(tally.surprises == std::set<std::string>());
}
