# Who may include whom. Reads sources named on the command line, their paths relative to the top of the project.

BEGIN {
  may["base"] = "base"
  may["config"] = "base config"
  may["site"] = "base config site"
  may["database"] = "base config database"
  may["operation"] = "base config site database operation"
  may["maintenance"] = may["operation"] " maintenance"
  may["migration"] = may["operation"] " migration"
  may["backup"] = may["operation"] " backup"
  may["users"] = "base config site database users"
  may["workflow"] = may["operation"] " maintenance migration backup users workflow"
  may["web"] = may["operation"] " maintenance users web"

  # A third-party header, and the only paths that may include it.
  only["CLI/"] = "^cli/"
  only["archive.h"] = "^lib/backup/"
  only["archive_entry.h"] = "^lib/backup/"
  only["cppconn/"] = "^lib/database/mariadb/"
  only["mysql_"] = "^lib/database/mariadb/"
  only["nlohmann/json.hpp"] = "[.]cpp$|^lib/operation/operation[.]hpp$|^cli/context[.]hpp$"
  only["openssl/"] = "^lib/base/"
  only["libpq-fe.h"] = "^lib/database/postgres/"
  only["pqxx/"] = "^lib/database/postgres/"
  only["cmark.h"] = "^lib/web/website/website[.]cpp$"
  only["boost/"] = "^lib/web/http/"
  only["sodium.h"] = "^lib/users/password[.]cpp$"
  only["sqlite3.h"] = "^lib/database/sqlite/"
  only["yaml-cpp/"] = "^lib/base/yaml[.]cpp$"
  only["catch2/"] = "^$"
  violations = 0
}

function report(message) {
  print FILENAME ":" FNR ": " message
  ++violations
}

function starts_with(text, start) { return substr(text, 1, length(start)) == start }

function check_third_party(header,    prefix) {
  for (prefix in only) {
    if (starts_with(header, prefix) && FILENAME !~ only[prefix]) report("<" header "> does not belong here")
  }
}

function check_room(room, header,    parts, other) {
  if (split(header, parts, "/") < 2) return report("\"" header "\" does not name its room")
  other = parts[1]
  if (index(" " may[room] " ", " " other " ") == 0) report("lib/" room " may not include \"" header "\"")
}

function check_backend(header,    parts) {
  if (FILENAME ~ /^lib\/database\// || split(header, parts, "/") < 3 || parts[1] != "database") return
  report("\"" header "\" is a backend's own: include what is above it")
}

FNR == 1 {
  split(FILENAME, path, "/")
  room = path[1] == "lib" ? path[2] : ""
  if (room != "" && !(room in may)) report("there is no rule for the room lib/" room)
}

/^[ \t]*#[ \t]*include[ \t]*</ {
  header = $0
  sub(/^[^<]*</, "", header)
  sub(/>.*$/, "", header)
  check_third_party(header)
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
  header = $0
  sub(/^[^"]*"/, "", header)
  sub(/".*$/, "", header)
  check_third_party(header)
  check_backend(header)
  if (room in may) check_room(room, header)
}

END { exit violations > 0 }
