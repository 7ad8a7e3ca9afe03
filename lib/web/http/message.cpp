#include "web/http/message.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace bench {

namespace {

bool is_same_name(std::string_view left, std::string_view right) {
  return std::ranges::equal(
      left, right, [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

// A line break in a value would begin a header of somebody else's choice.
std::string without_control_characters(std::string value) {
  std::ranges::replace_if(
      value, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }, ' ');
  return value;
}

}  // namespace

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const {
  const auto field =
      std::ranges::find_if(m_fields, [name](const Field& one) { return is_same_name(one.first, name); });
  if (field == m_fields.end()) return std::nullopt;
  return field->second;
}

void HttpHeaders::add(std::string name, std::string value) {
  m_fields.emplace_back(std::move(name), without_control_characters(std::move(value)));
}

void HttpHeaders::set(std::string_view name, std::string value) {
  remove(name);
  add(std::string(name), std::move(value));
}

void HttpHeaders::remove(std::string_view name) {
  std::erase_if(m_fields, [name](const Field& one) { return is_same_name(one.first, name); });
}

std::optional<std::string_view> HttpParameters::find(std::string_view name) const {
  const auto parameter = std::ranges::find(m_parameters, name, &Parameter::first);
  if (parameter == m_parameters.end()) return std::nullopt;
  return parameter->second;
}

void HttpParameters::add(std::string name, std::string value) {
  m_parameters.emplace_back(std::move(name), std::move(value));
}

HttpResponse text_response(int status, std::string content_type, std::string body) {
  HttpResponse response{.status = status, .headers = {}, .body = std::move(body)};
  response.headers.add("Content-Type", std::move(content_type));
  return response;
}

HttpResponse redirect(std::string location, int status) {
  HttpResponse response = text_response(status, "text/plain; charset=utf-8", "");
  response.headers.add("Location", std::move(location));
  return response;
}

std::string http_date(std::time_t time) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

}  // namespace bench
