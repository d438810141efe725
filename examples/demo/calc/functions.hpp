#pragma once

#include "dimension.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace calc {
using Function = std::function<Quantity(const std::vector<Quantity> &)>;
const std::map<std::string, Function> &functions();
}  // namespace calc
