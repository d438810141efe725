#include "repl.hpp"

#include "error.hpp"
#include "output.hpp"
#include "parser.hpp"
#include "print.hpp"
#include "simplify.hpp"

#include <istream>
#include <ostream>

namespace calc {
std::string answer(const std::string &expression, Style style) {
  const NodePtr tree = simplify(parse(expression));
  if (style == Style::tree) return print(*tree);
  const Registry &registry = Registry::standard();
  const Result result = evaluate(*tree, registry);
  return style == Style::json ? json(expression, result, registry) : plain(result, registry);
}

int answer_lines(std::istream &in, std::ostream &out, std::ostream &errors, Style style) {
  int failed = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    try {
      out << answer(line, style) << std::endl;
    } catch (const Error &error) {
      errors << "calc: " << error.what() << std::endl;
      ++failed;
    }
  }
  return failed;
}
}  // namespace calc
