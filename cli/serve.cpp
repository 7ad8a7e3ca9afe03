#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "base/file.hpp"
#include "base/json.hpp"
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

std::string json_text(std::string_view text) {
  std::string json;
  append_json_text(json, text);
  return json;
}

/// One JSON object a line. The query is left out: people put secrets there.
class AccessLog {
 public:
  explicit AccessLog(std::filesystem::path file) : m_path(std::move(file)) { reopen(); }

  void reopen() {
    FileDescriptor file = open_file(m_path, O_WRONLY | O_CREAT | O_APPEND, 0640);
    give_to_owner(file.get());
    const std::lock_guard lock(m_mutex);
    m_file = std::move(file);
  }

  void write(const Exchange& exchange) {
    const std::string_view path = std::string_view(exchange.target).substr(0, exchange.target.find('?'));
    // Put together as text: a tree of JSON values would cost as much as a small answer.
    const std::string line = fmt::format(
        R"({{"time":"{}","client":{},"host":{},"method":{},"path":{},"status":{},"bytes":{},"duration_ms":{:.3f},"user_agent":{}}})"
        "\n",
        to_iso8601(Clock::now()), json_text(exchange.client), json_text(exchange.host),
        json_text(exchange.method), json_text(path), exchange.status, exchange.bytes,
        static_cast<double>(exchange.duration.count()) / 1'000, json_text(exchange.user_agent));
    const std::lock_guard lock(m_mutex);
    try {
      write_all(m_file.get(), line, m_path);
    } catch (const Error&) {
      // A full disk must not stop the answers that the log tells about.
    }
  }

 private:
  std::filesystem::path m_path;
  std::mutex m_mutex;
  FileDescriptor m_file;
};

/// Signals that a thread waits for: blocked in all, which inherit it from the one that makes this first.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigemptyset(&m_signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&m_signals, signal);
    pthread_sigmask(SIG_BLOCK, &m_signals, nullptr);
  }
  int wait() const {
    int signal = 0;
    sigwait(&m_signals, &signal);
    return signal;
  }

 private:
  sigset_t m_signals{};
};

/// Ctrl-C and SIGTERM end the server, once what is being answered is finished; a second one ends it at once.
/// SIGHUP, which log rotation sends, opens the access log anew. The server must outlive this.
class StopOnSignal {
 public:
  StopOnSignal(const BlockedSignals& signals, HttpServer& server, AccessLog& log)
      : m_waiting([&signals, &server, &log] {
          for (bool is_stopping = false;;) {
            const int signal = signals.wait();
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
      [&log](const Exchange& exchange) { log.write(exchange); });
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
