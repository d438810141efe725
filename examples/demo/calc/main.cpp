// calc: computes with units, from the command line or line by line.
#include "algebra.hpp"
#include "error.hpp"
#include "output.hpp"
#include "repl.hpp"

#include <iostream>

namespace {
constexpr const char *usage =
    "usage: calc [--json | --tree] [EXPRESSION…]   such as: calc '3 km / 20 min in kph'; without one, reads lines\n"
    "       calc --units | --algebra\n";
}

int main(int argc, char **argv) {
  using calc::Style;
  Style style = Style::plain;
  int at = 1;
  for (; at < argc && std::string(argv[at]).rfind("--", 0) == 0; ++at) {
    const std::string option = argv[at];
    if (option == "--json") style = Style::json;
    else if (option == "--tree") style = Style::tree;
    else if (option == "--units") return calc::table(std::cout, calc::Registry::standard()), 0;
    else if (option == "--algebra") {
      for (const std::string &line : calc::algebra()) std::cout << line << "\n";
      return 0;
    } else {
      (option == "--help" ? std::cout : std::cerr) << usage;
      return option == "--help" ? 0 : 2;
    }
  }
  if (at == argc) return calc::answer_lines(std::cin, std::cout, std::cerr, style) != 0;
  try {
    for (; at < argc; ++at) std::cout << calc::answer(argv[at], style) << "\n";
  } catch (const calc::Error &error) {
    std::cerr << "calc: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
