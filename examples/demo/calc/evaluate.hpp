#pragma once

#include "ast.hpp"
#include "registry.hpp"

namespace calc {
struct Result {
  // In coherent units.
  Quantity quantity;
  // Set by "in": the value is shown in this unit.
  std::optional<Quantity> unit;
  std::string unit_text;
};

Result evaluate(const Node &node, const Registry &registry);
}  // namespace calc
