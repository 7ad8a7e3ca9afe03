#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "database/database.hpp"

namespace bench {

/// Open connections that rest between requests. As many are open as requests run at the same time.
class ConnectionPool {
 public:
  using Open = std::function<std::unique_ptr<Database>()>;
  explicit ConnectionPool(Open open) : m_open(std::move(open)) {}

  /// A connection for one request; it goes back when destroyed.
  class Lease {
   public:
    Lease(ConnectionPool& pool, std::unique_ptr<Database> connection, std::uint64_t generation)
        : m_pool(pool), m_connection(std::move(connection)), m_generation(generation) {}
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Database& operator*() { return *m_connection; }
    /// It is closed and not given to anybody else.
    void discard() { m_connection.reset(); }

   private:
    ConnectionPool& m_pool;
    std::unique_ptr<Database> m_connection;
    std::uint64_t m_generation;
  };
  Lease take();
  /// What rests now, and what is lent, is not used again.
  void clear();

 private:
  struct Resting {
    std::unique_ptr<Database> connection;
    std::chrono::steady_clock::time_point since;
  };
  void put_back(std::unique_ptr<Database> connection, std::uint64_t generation);

  Open m_open;
  std::mutex m_mutex;
  std::vector<Resting> m_resting;
  std::uint64_t m_generation = 0;
};

}  // namespace bench
