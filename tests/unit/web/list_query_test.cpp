#include "web/resource/list_query.hpp"

#include <catch2/catch.hpp>

#include "web/http/failure.hpp"

using namespace bench;

namespace {

using Given = std::initializer_list<HttpParameters::Parameter>;

Doctype book() {
  Doctype doctype{.name = "Book", .table = "tabBook", .columns = {}, .key = "name"};
  for (const char* column : {"name", "title", "pages", "sold", "modified"})
    doctype.columns.push_back(Column{.name = column, .declared = "text"});
  doctype.columns[2].type = ColumnType::integer;
  for (const std::size_t moment : {3, 4}) doctype.columns[moment].type = ColumnType::datetime;
  return doctype;
}

ListQuery parse(Given given) {
  HttpParameters parameters;
  for (const auto& [name, value] : given) parameters.add(name, value);
  return parse_list_query(book(), Dialect::sqlite, parameters);
}

std::string sql(const std::string& filters) {
  std::string text;
  for (const Condition& condition : parse({{"filters", filters}}).conditions) {
    text += condition.sql + " |";
    for (const Value& value : condition.values) text += " " + to_text(value);
    text += ";";
  }
  return text;
}

int status_of(Given given) {
  try {
    parse(given);
  } catch (const HttpFailure& failure) {
    return failure.status();
  }
  return 200;
}

}  // namespace

TEST_CASE("Frappe's filters become conditions with bound values") {
  CHECK(sql(R"([["title", "=", "Emma"]])") == R"("title" = ? | Emma;)");
  CHECK(sql(R"([["Book", "title", "like", "%a%"]])") == R"("title" LIKE ? | %a%;)");
  CHECK(sql(R"({"title": "Emma", "pages": [">", 3]})") == R"("pages" > ? | 3;"title" = ? | Emma;)");
  CHECK(sql(R"([["pages", "in", [1, 2]]])") == R"("pages" in (?, ?) | 1 2;)");
  CHECK(sql(R"([["pages", "between", [1, 2]]])") == R"("pages" BETWEEN ? AND ? | 1 2;)");
  CHECK(sql(R"([["pages", "in", []]])") == "1 = 0 |;");
}

TEST_CASE("NULL is an empty text, the number 0 and a date before all others, as Frappe filters") {
  for (const char* filter :
       {R"([["title", "is", "not set"]])", R"([["title", "=", null]])", R"([["title", ""]])"})
    CHECK(sql(filter) == R"("title" = '' OR "title" IS NULL |;)");
  for (const char* filter :
       {R"([["title", "is", "set"]])", R"([["title", "!=", null]])", R"([["title", "<>", ""]])"})
    CHECK(sql(filter) == R"("title" <> '' |;)");
  CHECK(sql(R"([["title", "!=", "Emma"]])") == R"("title" != ? OR "title" IS NULL | Emma;)");
  CHECK(sql(R"([["title", "not like", "%a%"]])") == R"("title" NOT LIKE ? OR "title" IS NULL | %a%;)");
  CHECK(sql(R"([["title", "in", ["Emma", ""]]])") == R"("title" in (?, ?) OR "title" IS NULL | Emma ;)");
  CHECK(sql(R"([["title", "in", ["Emma", null]]])") == R"("title" in (?, ?) OR "title" IS NULL | Emma ;)");
  CHECK(sql(R"([["title", "not in", ["Emma"]]])") == R"("title" not in (?) OR "title" IS NULL | Emma;)");
  CHECK(sql(R"([["title", "not in", ["Emma", ""]]])") == R"("title" not in (?, ?) | Emma ;)");
  CHECK(sql(R"([["title", "not in", [null]]])") == R"("title" not in (?) | ;)");
  CHECK(sql(R"([["pages", "not in", [null]]])") == R"("pages" IS NOT NULL |;)");
  CHECK(sql(R"([["title", "<=", ""]])") == R"("title" <= ? OR "title" IS NULL | ;)");

  CHECK(sql(R"([["pages", "is", "set"]])") == R"("pages" IS NOT NULL |;)");
  CHECK(sql(R"([["pages", "=", 0]])") == R"("pages" = ? OR "pages" IS NULL | 0;)");
  CHECK(sql(R"([["pages", "!=", 0]])") == R"("pages" != ? | 0;)");
  CHECK(sql(R"([["pages", "!=", 3]])") == R"("pages" != ? OR "pages" IS NULL | 3;)");
  CHECK(sql(R"([["pages", "<", 3]])") == R"("pages" < ? OR "pages" IS NULL | 3;)");
  CHECK(sql(R"([["pages", "<", -3]])") == R"("pages" < ? | -3;)");
  CHECK(sql(R"([["pages", ">=", "0"]])") == R"("pages" >= ? OR "pages" IS NULL | 0;)");
  CHECK(sql(R"([["pages", "not in", "1,2"]])") == R"("pages" not in (?, ?) OR "pages" IS NULL | 1 2;)");
  CHECK(sql(R"([["pages", "in", [0, 1]]])") == R"("pages" in (?, ?) OR "pages" IS NULL | 0 1;)");

  CHECK(sql(R"([["sold", "<", "2026-01-02"]])") == R"("sold" < ? OR "sold" IS NULL | 2026-01-02;)");
  CHECK(sql(R"([["sold", ">", "2026-01-02"]])") == R"("sold" > ? | 2026-01-02;)");
  CHECK(sql(R"([["modified", "<", "2026-01-02"]])") == R"("modified" < ? | 2026-01-02;)");
  CHECK(sql(R"([["sold", "between", ["2026-01-02", "2026-01-03"]]])") ==
        R"("sold" BETWEEN ? AND ? | 2026-01-02 2026-01-03T23:59:59.999999;)");
}

TEST_CASE("nothing of a request becomes SQL") {
  for (const char* filters : {R"([["title\" OR 1=1 --", "=", 1]])", R"([["title", "= 1 OR 1", 1]])",
                              R"([["nowhere", "=", 1]])", R"([["User", "name", "=", 1]])", "[1]", "7", "[[",
                              R"([["title", "=", {"a": 1}]])", R"([["title", "is", "x"]])"})
    CHECK(status_of({{"filters", filters}}) == 417);
  for (const char* order :
       {"title; DROP TABLE tabBook", "title desc, (SELECT 1)", "nowhere", "title desc desc", "1"})
    CHECK(status_of({{"order_by", order}}) == 417);
  for (const char* fields : {R"x(["count(*)"])x", R"(["nowhere"])", "name", "[]", R"([["name"]])"})
    CHECK(status_of({{"fields", fields}}) == 417);
  const auto many = [](std::size_t count) {
    std::string list = "[\"name\"";
    while (--count > 0) list += ",\"name\"";
    return list + "]";
  };
  CHECK(status_of({{"fields", many(200)}}) == 200);
  CHECK(status_of({{"fields", many(201)}}) == 417);
  for (const char* name : {"or_filters", "group_by", "anything"}) CHECK(status_of({{name, "[]"}}) == 417);
  CHECK(status_of({{"limit", "10001"}}) == 417);
  for (const char* limit : {"-1", "x", "1;", "1e3", ""}) CHECK(status_of({{"limit_start", limit}}) == 417);
}

TEST_CASE("order, fields and limits") {
  const ListQuery query = parse(
      {{"order_by", "`tabBook`.`title` desc, pages"}, {"fields", R"(["*"])"}, {"limit_page_length", "0"}});
  REQUIRE(query.order.size() == 2);
  CHECK((query.order[0].column == "title" && query.order[0].descending));
  CHECK((query.order[1].column == "pages" && !query.order[1].descending));
  CHECK(query.fields == std::vector<std::string>{"name", "title", "pages", "sold", "modified"});
  CHECK((query.is_all && query.limit == 10'001));
  CHECK(parse({{"fields", R"(["pages", "*", "name", "*"])"}}).fields ==
        std::vector<std::string>{"pages", "name", "title", "sold", "modified"});
  const auto once = parse({{"order_by", "title, pages desc, title desc"}}).order;
  REQUIRE(once.size() == 2);
  CHECK_FALSE(once[0].descending);
  CHECK(parse({}).fields == std::vector<std::string>{"name"});
  CHECK(parse({}).limit == 20);
  const auto search = search_condition(book(), Dialect::sqlite, "50%_!");
  CHECK(search.sql == R"(lower("name") LIKE lower(?) ESCAPE '!' OR lower("title") LIKE lower(?) ESCAPE '!')");
  CHECK(to_text(search.values[0]) == "%50!%!_!!%");
}
