#include "output.hpp"

#include <cstdio>
#include <sstream>

namespace calc {
namespace {
std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (const char c : text) {
    char escape[8];
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
    else std::snprintf(escape, sizeof escape, "\\u%04x", c), out += escape;
  }
  return out + "\"";
}
}  // namespace

std::string json(const std::string &expression, const Result &result, const Registry &registry) {
  std::ostringstream out;
  out << "{\"expression\": " << quoted(expression) << ", \"value\": " << result.quantity.value / (result.unit ? result.unit->value : 1)
      << ", \"unit\": " << quoted(result.unit ? result.unit_text : to_string(result.quantity.dimension))
      << ", \"quantity\": " << quoted(registry.quantity(result.quantity.dimension).value_or("")) << "}";
  return out.str();
}
}  // namespace calc
