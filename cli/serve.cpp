#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "access_log.hpp"
#include "base/file.hpp"
#include "context.hpp"
#include "options.hpp"
#include "web/http/server.hpp"
#include "web/web_app.hpp"

namespace bench::cli {

namespace {

struct ServeFlags {
  std::optional<std::string> host, access_log;
  std::optional<std::int64_t> port, workers;
};

/// Signals that a thread waits for: blocked in all, which inherit it from the one that makes this first.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigemptyset(&m_signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&m_signals, signal);
    pthread_sigmask(SIG_BLOCK, &m_signals, nullptr);
  }
  /// 0 when none came in that time.
  int wait(std::chrono::milliseconds time) const {
    const timespec longest{.tv_sec = time.count() / 1'000, .tv_nsec = time.count() % 1'000 * 1'000'000};
    return std::max(sigtimedwait(&m_signals, nullptr, &longest), 0);
  }

 private:
  sigset_t m_signals{};
};

/// Ctrl-C and SIGTERM end the server, once what is being answered is finished; a second one ends it at once.
/// SIGHUP, which log rotation sends, opens the access log anew. Between signals, the log's lines are written.
/// The server must outlive this.
class StopOnSignal {
 public:
  StopOnSignal(const BlockedSignals& signals, HttpServer& server, AccessLog& log)
      : m_waiting([&signals, &server, &log] {
          for (bool is_stopping = false;;) {
            const int signal = signals.wait(AccessLog::longest_delay);
            log.flush();
            if (signal == 0) continue;
            if (signal == SIGUSR1) return;
            if (signal == SIGHUP) {
              try {
                log.reopen();
              } catch (const Error& error) {
                fmt::print(stderr, "warning: the access log goes on in its old file: {}\n", error.what());
              }
              continue;
            }
            // Who asks twice does not want to wait for those that are being answered.
            if (is_stopping) std::_Exit(signal == SIGINT ? 130 : 143);
            is_stopping = true;
            server.stop();
          }
        }) {}
  ~StopOnSignal() {
    pthread_kill(m_waiting.native_handle(), SIGUSR1);
    m_waiting.join();
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  std::thread m_waiting;
};

// Each connection takes a descriptor, and the usual soft limit of 1024 is for programs that use select.
std::size_t raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void run(Context& context, const ServeFlags& flags) {
  const BenchFolder& bench = context.bench();
  std::optional<std::string> only;
  if (!context.options().sites.empty()) only = context.only_site().name();
  const std::filesystem::path log_file =
      flags.access_log ? std::filesystem::path(*flags.access_log) : bench.path() / "logs" / "access.log";
  if (!flags.access_log) make_folders(bench.path() / "logs");
  AccessLog log(log_file);

  ServerOptions options;
  if (flags.host) options.host = *flags.host;
  if (flags.port) options.port = static_cast<std::uint16_t>(*flags.port);
  if (flags.workers) options.workers = static_cast<int>(*flags.workers);
  // Some are left for files and databases.
  constexpr std::size_t kept_back = 256;
  const std::size_t descriptors = raise_descriptor_limit();
  options.max_connections =
      std::min(options.max_connections, std::max(descriptors, 2 * kept_back) - kept_back);
  const BlockedSignals signals;
  WebApp app(bench, context.apps(), only, options.workers);
  HttpServer server(
      options, [&app](const HttpRequest& request) { return app.answer(request); },
      [&app, &log](const Exchange& exchange) {
        log.write(exchange, app.client_of(exchange.client, exchange.forwarded_for));
      });
  const std::string address = fmt::format("http://{}:{}", options.host, server.port());
  context.printer().note(fmt::format("serving {} at {}; Ctrl-C ends it",
                                     only ? *only : fmt::format("the sites of {}", bench.path().string()),
                                     address));
  {
    const StopOnSignal stop(signals, server, log);
    server.run();
  }
  Outcome outcome;
  outcome.result = {{"address", address}, {"access_log", log_file.string()}};
  context.add(outcome);
}

}  // namespace

Run declare_serve(CLI::App& app) {
  examples(app, {"bench serve", "bench --site develop serve --port 8080"});
  auto flags = std::make_shared<ServeFlags>();
  add_text(app, "--host", flags->host, "the address to listen on (127.0.0.1)", "ADDRESS");
  add_integer(app, "--port", flags->port, 0, 65535, "the port (8000); 0 is any that is free");
  add_integer(app, "--workers", flags->workers, 1, 256, "requests that are answered at the same time (16)");
  add_text(app, "--access-log", flags->access_log, "a line of JSON a request (logs/access.log)", "FILE");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
