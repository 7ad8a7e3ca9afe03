#pragma once

#include "base/error.hpp"

namespace bench {

/// What SIGINT and SIGTERM mean to a running operation: the first one asks it to stop at the next safe point
/// and undo; a second one ends the process at once and leaves the rest to `recover`. SIGHUP is ignored while
/// one is alive.
class InterruptionHandler {
 public:
  InterruptionHandler();
  ~InterruptionHandler();
  InterruptionHandler(const InterruptionHandler&) = delete;
  InterruptionHandler& operator=(const InterruptionHandler&) = delete;
};

/// Whether a signal has asked to stop, and nobody is undoing yet. Cheap: for progress callbacks of databases.
bool interruption_requested();

/// Which signal asked: Kind::terminated for SIGTERM, else Kind::interrupted.
Kind interruption_kind();
/// Of one of the two kinds.
bool is_interruption(const Error& error);

/// Error{interrupted} or Error{terminated} when a signal has asked to stop.
void throw_if_interrupted();

/// While one is alive a request to stop is not reported, so that an undo is not undone by the signal that
/// caused it.
class Uninterrupted {
 public:
  Uninterrupted();
  ~Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;
};

}  // namespace bench
