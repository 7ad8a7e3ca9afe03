#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "web/http/message.hpp"

namespace bench {

/// What those who listen to event streams are told. A topic's state is looked at for all of its listeners
/// together, and only while it has some. Safe for several threads.
class EventTopics {
  struct Topic;

 public:
  explicit EventTopics(boost::asio::io_context& io) : m_io(io) {}
  EventTopics(const EventTopics&) = delete;
  EventTopics& operator=(const EventTopics&) = delete;

  /// One who listens, for as long as it lives. `wake_up` is called when there are news, from any thread; it
  /// must not call back.
  class Listener {
   public:
    Listener(EventTopics& topics, const EventStream& events, std::function<void()> wake_up);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    bool has_news();
    /// The state as it is now, unless that is what was answered before.
    std::optional<std::string> news();

   private:
    friend class EventTopics;
    EventTopics& m_topics;
    std::function<void()> m_wake_up;
    std::shared_ptr<Topic> m_topic;
    std::list<Listener*>::iterator m_place;
    std::uint64_t m_known_version = 0;
  };

 private:
  struct Topic {
    EventStream events;
    std::mutex looking;
    std::string current;
    std::uint64_t version = 0;  ///< of `current`; 0: nobody has seen it yet
    std::list<Listener*> listeners;
  };
  void look(Topic& topic);
  boost::asio::awaitable<void> watch(std::shared_ptr<Topic> topic);

  boost::asio::io_context& m_io;
  std::mutex m_mutex;
  std::map<std::string, std::shared_ptr<Topic>> m_topics;
};

}  // namespace bench
