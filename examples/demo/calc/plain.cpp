#include "output.hpp"

#include <sstream>

namespace calc {
std::string plain(const Result &result, const Registry &registry) {
  std::ostringstream out;
  if (result.unit) {
    out << result.quantity.value / result.unit->value << " " << result.unit_text;
    return out.str();
  }
  out << result.quantity.value;
  if (!result.quantity.dimension.none()) out << " " << to_string(result.quantity.dimension);
  if (const auto name = registry.quantity(result.quantity.dimension)) out << " (" << *name << ")";
  return out.str();
}
}  // namespace calc
