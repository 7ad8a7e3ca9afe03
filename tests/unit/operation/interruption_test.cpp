#include "operation/interruption.hpp"

#include <signal.h>

#include <catch2/catch.hpp>

#include "base/error.hpp"

using namespace bench;

TEST_CASE("a signal asks to stop once, and says which it was") {
  const InterruptionHandler handler;
  CHECK_NOTHROW(throw_if_interrupted());
  raise(SIGTERM);
  CHECK(interruption_requested());
  CHECK(interruption_kind() == Kind::terminated);
  try {
    throw_if_interrupted();
    FAIL("it went on");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::terminated);
  }
}

TEST_CASE("an undo is not undone by the signal that caused it") {
  const InterruptionHandler handler;
  raise(SIGINT);
  {
    const Uninterrupted undoing;
    CHECK_FALSE(interruption_requested());
    CHECK_NOTHROW(throw_if_interrupted());
  }
  CHECK(interruption_requested());
}

TEST_CASE("a hang-up is nothing, and the handlers before come back") {
  {
    const InterruptionHandler handler;
    raise(SIGHUP);
    CHECK_FALSE(interruption_requested());
  }
  struct sigaction now {};
  sigaction(SIGHUP, nullptr, &now);
  CHECK(now.sa_handler == SIG_DFL);
  CHECK_FALSE(interruption_requested());
}
