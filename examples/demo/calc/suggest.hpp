#pragma once

#include <string>
#include <vector>

namespace calc {
// ": did you mean 'x'?" for the nearest name within two edits, else "".
std::string suggestion(const std::string &typed, const std::vector<std::string> &names);
}  // namespace calc
