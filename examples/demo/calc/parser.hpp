#pragma once

#include "ast.hpp"

namespace calc {
// expression = sum ["in" sum]; "3 km" is a product that binds as tightly as "*".
NodePtr parse(const std::string &expression);
}  // namespace calc
