#include "lexer.hpp"

#include "error.hpp"

#include <regex>

namespace calc {
std::vector<Token> tokens(const std::string &expression) {
  static const std::regex pattern(R"(\s+|(\d+\.?\d*(?:[eE][+-]?\d+)?)|([A-Za-z][A-Za-z0-9]*)|([-+*/^(),]))");
  std::vector<Token> out;
  auto rest = expression.cbegin();
  for (std::smatch match; rest != expression.cend(); rest = match[0].second) {
    const auto at = static_cast<std::size_t>(rest - expression.cbegin());
    if (!std::regex_search(rest, expression.cend(), match, pattern, std::regex_constants::match_continuous))
      throw Error("'" + std::string(1, *rest) + "' at column " + std::to_string(at + 1) + " belongs to no number, name or operator");
    if (match[1].matched) out.push_back({Token::number, match[1], at});
    if (match[2].matched) out.push_back({Token::name, match[2], at});
    if (match[3].matched) out.push_back({Token::symbol, match[3], at});
  }
  out.push_back({Token::end, "", expression.size()});
  return out;
}
}  // namespace calc
