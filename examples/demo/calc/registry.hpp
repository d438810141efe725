// The known quantities and units.
#pragma once

#include "dimension.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace calc {
struct Unit {
  std::string quantity;
  double factor;
};

class Registry {
 public:
  // Holds every unit of units.txt.
  static const Registry &standard();

  std::optional<Quantity> unit(const std::string &name) const;
  // The name of a quantity with this dimension.
  std::optional<std::string> quantity(const Dimension &dimension) const;
  std::vector<std::string> unit_names() const;
  const std::map<std::string, Dimension> &quantities() const { return quantities_; }

 private:
  friend void add_quantity(Registry &, const char *, const int (&)[8]);
  friend void add_unit(Registry &, const char *, const char *, double);

  std::map<std::string, Dimension> quantities_;
  std::map<std::string, Unit> units_;
};
}  // namespace calc
