#pragma once

#include <iosfwd>
#include <string>

namespace calc {
enum class Style { plain, json, tree };

// One expression to one line of text; throws Error.
std::string answer(const std::string &expression, Style style);
// Answers line by line; returns how many lines could not be understood.
int answer_lines(std::istream &in, std::ostream &out, std::ostream &errors, Style style);
}  // namespace calc
