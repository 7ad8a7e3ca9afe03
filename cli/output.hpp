#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"

namespace bench::cli {

enum class Format { text, json };
enum class Verbosity { quiet, normal, verbose };

/// The two streams: data goes to stdout, messages and progress go to stderr. Colour and the status line
/// appear on a terminal only, and never with NO_COLOR or TERM=dumb; control characters from data are made
/// visible there.
class Printer {
 public:
  explicit Printer(Format format);
  void set_verbosity(Verbosity verbosity) { m_verbosity = verbosity; }
  Format format() const { return m_format; }
  Verbosity verbosity() const { return m_verbosity; }

  /// Data for people and pipes; nothing with --json. What keeps it from being written stops no work: see
  /// output_error.
  void data(std::string_view text);
  /// The one document of --json. Nothing else gets to stdout meanwhile: what children write there goes to
  /// stderr.
  void document(std::string_view json);
  /// Why something could not be written. A reader that went away is no error; a full disk is.
  std::optional<Error> output_error() const;

  void heading(std::string_view text);  ///< to stderr; not when quiet
  void note(std::string_view text);     ///< not when quiet
  void detail(std::string_view text);   ///< only when verbose
  void warning(std::string_view text, std::string_view hint = {});
  void error(const Error& error, std::string_view context = {});
  /// A question on stderr, without a newline.
  void question(std::string_view text);

  /// A line that the next message or status replaces. Only where `shows_status`.
  void status(std::string_view line);
  void clear_status();
  bool shows_status() const { return m_rich_stderr && m_verbosity != Verbosity::quiet; }

 private:
  void write_data(std::string_view text);
  void message(std::string_view text);
  void hint(std::string_view text);
  std::string painted(std::string_view colour, std::string_view text) const;
  Format m_format;
  Verbosity m_verbosity = Verbosity::normal;
  bool m_rich_stderr;
  bool m_terminal_stdout;
  bool m_terminal_stderr;
  bool m_status_shown = false;
  int m_stdout_error = 0;
  FileDescriptor m_document;
};

/// Rows of cells, padded so that columns line up; the first row is the heading. Ends in a newline.
std::string table(const std::vector<std::vector<std::string>>& rows);

/// Control characters as `\x1b`; line feeds and tabs stay.
std::string visible(std::string_view text);

/// How many columns the text takes, one for each code point.
std::size_t width_of(std::string_view text);

}  // namespace bench::cli
