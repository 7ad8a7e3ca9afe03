#include "web/http/event_topics.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace bench {

namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds between_looks{500};

}  // namespace

EventTopics::Listener::Listener(EventTopics& topics, const EventStream& events, std::function<void()> wake_up)
    : m_topics(topics), m_wake_up(std::move(wake_up)) {
  {
    const std::lock_guard lock(m_topics.m_mutex);
    std::shared_ptr<Topic>& known = m_topics.m_topics[events.topic];
    if (!known) {
      known = std::make_shared<Topic>();
      known->events = events;
      asio::co_spawn(m_topics.m_io, m_topics.watch(known), asio::detached);
    }
    m_topic = known;
    m_place = m_topic->listeners.insert(m_topic->listeners.end(), this);
  }
  // What the others were told last may be older than the page that listens now.
  m_topics.look(*m_topic);
}

EventTopics::Listener::~Listener() {
  const std::lock_guard lock(m_topics.m_mutex);
  m_topic->listeners.erase(m_place);
}

bool EventTopics::Listener::has_news() {
  const std::lock_guard lock(m_topics.m_mutex);
  return m_known_version != m_topic->version;
}

std::optional<std::string> EventTopics::Listener::news() {
  const std::lock_guard lock(m_topics.m_mutex);
  if (m_known_version == m_topic->version) return std::nullopt;
  m_known_version = m_topic->version;
  return m_topic->current;
}

void EventTopics::look(Topic& topic) {
  // One after the other, or what was seen earlier could be told later.
  const std::lock_guard one_at_a_time(topic.looking);
  std::string now;
  try {
    now = topic.events.state();
  } catch (const std::exception&) {
    // A config file that is being edited by hand: the next look tells.
    return;
  }
  const std::lock_guard lock(m_mutex);
  if (topic.version != 0 && now == topic.current) return;
  topic.current = std::move(now);
  ++topic.version;
  for (const Listener* listener : topic.listeners) listener->m_wake_up();
}

asio::awaitable<void> EventTopics::watch(std::shared_ptr<Topic> topic) {
  asio::steady_timer pause(m_io);
  for (;;) {
    pause.expires_after(between_looks);
    co_await pause.async_wait(asio::use_awaitable);
    {
      const std::lock_guard lock(m_mutex);
      if (topic->listeners.empty()) {
        m_topics.erase(topic->events.topic);
        co_return;
      }
    }
    try {
      look(*topic);
    } catch (const std::exception&) {
      // Without memory to tell it now, the next look tells.
    }
  }
}

}  // namespace bench
