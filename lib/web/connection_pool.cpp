#include "web/connection_pool.hpp"

#include <algorithm>
#include <limits>

namespace bench {

namespace {

// A server ends sessions that rest for long, and firewalls forget them.
constexpr std::chrono::seconds longest_rest{60};

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ConnectionPool::Lease::~Lease() {
  if (m_connection.database) m_pool.put_back(std::move(m_connection), m_generation);
}

ConnectionPool::Lease ConnectionPool::take() {
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(m_mutex);
    generation = m_generation;
    const auto time = std::chrono::steady_clock::now();
    std::erase_if(m_resting, [time](const Resting& one) { return time - one.since > longest_rest; });
    if (!m_resting.empty()) {
      Connection connection = std::move(m_resting.back().connection);
      m_resting.pop_back();
      return lend(std::move(connection), generation);
    }
  }
  auto deadline = std::make_shared<std::atomic<std::int64_t>>(std::numeric_limits<std::int64_t>::max());
  try {
    auto database = m_open([deadline] { return now() > *deadline; });
    return lend({std::move(database), std::move(deadline)}, generation);
  } catch (...) {
    // A server that ended it while it logged in ends those that were opened before it, too.
    clear(generation);
    throw;
  }
}

ConnectionPool::Lease ConnectionPool::lend(Connection connection, std::uint64_t generation) {
  *connection.deadline = now() + std::chrono::nanoseconds(m_longest_use).count();
  return {*this, std::move(connection), generation};
}

void ConnectionPool::put_back(Connection connection, std::uint64_t generation) {
  const std::lock_guard lock(m_mutex);
  if (generation == m_generation)
    m_resting.push_back({std::move(connection), std::chrono::steady_clock::now()});
}

void ConnectionPool::clear() {
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(m_mutex);
    generation = m_generation;
  }
  clear(generation);
}

// When a server ends all sessions, each request that finds its own lost comes here: only the first may clear,
// or they would throw away what the others have just opened anew.
void ConnectionPool::clear(std::uint64_t generation) {
  std::vector<Resting> closing;
  const std::lock_guard lock(m_mutex);
  if (generation != m_generation) return;
  ++m_generation;
  closing.swap(m_resting);
}

}  // namespace bench
