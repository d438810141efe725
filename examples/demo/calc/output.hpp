#pragma once

#include "evaluate.hpp"

#include <iosfwd>

namespace calc {
// "9 kph", or in base units with the quantity's name: "2.5 m s^-1 (speed)".
std::string plain(const Result &result, const Registry &registry);
std::string json(const std::string &expression, const Result &result, const Registry &registry);
// All units by quantity, in columns.
void table(std::ostream &out, const Registry &registry);
}  // namespace calc
