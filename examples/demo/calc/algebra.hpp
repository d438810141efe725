#pragma once

#include <string>
#include <vector>

namespace calc {
// Every named product and quotient of two named quantities: "power = energy / duration".
std::vector<std::string> algebra();
}  // namespace calc
