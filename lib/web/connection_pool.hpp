#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "database/database.hpp"

namespace bench {

/// Open connections that rest between requests. As many are open as requests run at the same time.
class ConnectionPool {
 public:
  /// `too_long` is for ConnectOptions::cancelled: true once the request that has the connection took longer
  /// than it may.
  using Open = std::function<std::unique_ptr<Database>(std::function<bool()> too_long)>;
  ConnectionPool(std::chrono::milliseconds longest_use, Open open)
      : m_longest_use(longest_use), m_open(std::move(open)) {}

  struct Connection {
    std::unique_ptr<Database> database;
    /// Nanoseconds of the steady clock; read by whoever watches a statement.
    std::shared_ptr<std::atomic<std::int64_t>> deadline;
  };

  /// A connection for one request; it goes back when destroyed.
  class Lease {
   public:
    Lease(ConnectionPool& pool, Connection connection, std::uint64_t generation)
        : m_pool(pool), m_connection(std::move(connection)), m_generation(generation) {}
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Database& operator*() { return *m_connection.database; }
    /// It is closed and not given to anybody else.
    void discard() { m_connection.database.reset(); }
    /// Likewise all that were opened as early as it: what is newer stays.
    void discard_all_as_old() {
      discard();
      m_pool.clear(m_generation);
    }

   private:
    ConnectionPool& m_pool;
    Connection m_connection;
    std::uint64_t m_generation;
  };
  Lease take();
  /// What rests now, and what is lent, is not used again.
  void clear();

 private:
  struct Resting {
    Connection connection;
    std::chrono::steady_clock::time_point since;
  };
  void clear(std::uint64_t generation);
  void put_back(Connection connection, std::uint64_t generation);
  Lease lend(Connection connection, std::uint64_t generation);

  std::chrono::milliseconds m_longest_use;
  Open m_open;
  std::mutex m_mutex;
  std::vector<Resting> m_resting;
  std::uint64_t m_generation = 0;
};

}  // namespace bench
