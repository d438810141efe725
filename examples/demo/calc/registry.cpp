#include "registry.hpp"

#include "catalog.hpp"
#include "quantities.hpp"

#include <algorithm>
#include <iterator>

namespace calc {
const Registry &Registry::standard() {
  static const Registry registry = [] {
    Registry filled;
    for (auto *add : add_functions) add(filled);
    return filled;
  }();
  return registry;
}

void add_quantity(Registry &registry, const char *name, const int (&exponents)[8]) {
  Dimension dimension;
  std::copy(std::begin(exponents), std::end(exponents), dimension.exponents.begin());
  registry.quantities_.emplace(name, dimension);
}

void add_unit(Registry &registry, const char *quantity, const char *name, double factor) {
  registry.units_.emplace(name, Unit{quantity, factor});
}

std::optional<Quantity> Registry::unit(const std::string &name) const {
  const auto found = units_.find(name);
  if (found == units_.end()) return std::nullopt;
  return Quantity{found->second.factor, quantities_.at(found->second.quantity)};
}

std::optional<std::string> Registry::quantity(const Dimension &dimension) const {
  const auto found = std::find_if(quantities_.begin(), quantities_.end(), [&](const auto &entry) { return entry.second == dimension; });
  if (found == quantities_.end()) return std::nullopt;
  return found->first;
}

std::vector<std::string> Registry::unit_names() const {
  std::vector<std::string> names;
  for (const auto &[name, unit] : units_) names.push_back(name);
  return names;
}
}  // namespace calc
