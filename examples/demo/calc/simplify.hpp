#pragma once

#include "ast.hpp"

namespace calc {
// Folds constants and drops factors of one.
NodePtr simplify(NodePtr node);
}  // namespace calc
