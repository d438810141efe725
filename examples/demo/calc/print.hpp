#pragma once

#include "ast.hpp"

namespace calc {
// The expression with every product and bracket written out.
std::string print(const Node &node);
}  // namespace calc
