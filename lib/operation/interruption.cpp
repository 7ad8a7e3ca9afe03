#include "operation/interruption.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "base/error.hpp"

namespace bench {

namespace {

std::atomic<int> requested_signal{0};
std::atomic<int> uninterrupted{0};

struct sigaction previous_interrupt, previous_terminate, previous_hangup;

void write_message(std::string_view text) {
  // Nothing can be done when the terminal is gone.
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
}

void on_signal(int signal) {
  int none = 0;
  if (requested_signal.compare_exchange_strong(none, signal)) {
    write_message(
        "\ninterrupted: stopping at the next safe point; what is not committed is undone; a second Ctrl-C "
        "leaves the rest to "
        "recover\n");
    return;
  }
  write_message("\ninterrupted twice: leaving at once\nhint: run bench recover\n");
  _exit(128 + signal);
}

void install(int signal, void (*handler)(int), struct sigaction& previous) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, &previous);
}

}  // namespace

InterruptionHandler::InterruptionHandler() {
  install(SIGINT, on_signal, previous_interrupt);
  install(SIGTERM, on_signal, previous_terminate);
  install(SIGHUP, SIG_IGN, previous_hangup);
}

InterruptionHandler::~InterruptionHandler() {
  sigaction(SIGINT, &previous_interrupt, nullptr);
  sigaction(SIGTERM, &previous_terminate, nullptr);
  sigaction(SIGHUP, &previous_hangup, nullptr);
  requested_signal = 0;
}

bool interruption_requested() {
  return requested_signal != 0 && uninterrupted == 0;
}

Kind interruption_kind() {
  return requested_signal == SIGTERM ? Kind::terminated : Kind::interrupted;
}

bool is_interruption(const Error& error) {
  return error.kind() == Kind::interrupted || error.kind() == Kind::terminated;
}

void throw_if_interrupted() {
  if (interruption_requested()) throw Error(interruption_kind(), "interrupted");
}

Uninterrupted::Uninterrupted() {
  ++uninterrupted;
}
Uninterrupted::~Uninterrupted() {
  --uninterrupted;
}

}  // namespace bench
