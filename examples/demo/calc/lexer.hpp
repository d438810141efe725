#pragma once

#include <string>
#include <vector>

namespace calc {
struct Token {
  enum Kind { number, name, symbol, end } kind;
  std::string text;
  // Offset in the expression.
  std::size_t at;
};

// The last token is `end`.
std::vector<Token> tokens(const std::string &expression);
}  // namespace calc
