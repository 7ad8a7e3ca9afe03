#include "web/connection_pool.hpp"

#include <algorithm>

namespace bench {

namespace {

// A server ends sessions that rest for long, and firewalls forget them.
constexpr std::chrono::seconds longest_rest{60};

}  // namespace

ConnectionPool::Lease::~Lease() {
  if (m_connection) m_pool.put_back(std::move(m_connection), m_generation);
}

ConnectionPool::Lease ConnectionPool::take() {
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(m_mutex);
    generation = m_generation;
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(m_resting, [now](const Resting& one) { return now - one.since > longest_rest; });
    if (!m_resting.empty()) {
      std::unique_ptr<Database> connection = std::move(m_resting.back().connection);
      m_resting.pop_back();
      return {*this, std::move(connection), generation};
    }
  }
  return {*this, m_open(), generation};
}

void ConnectionPool::put_back(std::unique_ptr<Database> connection, std::uint64_t generation) {
  const std::lock_guard lock(m_mutex);
  if (generation == m_generation)
    m_resting.push_back({std::move(connection), std::chrono::steady_clock::now()});
}

void ConnectionPool::clear() {
  std::vector<Resting> closing;
  const std::lock_guard lock(m_mutex);
  ++m_generation;
  closing.swap(m_resting);
}

}  // namespace bench
