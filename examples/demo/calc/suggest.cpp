#include "suggest.hpp"

#include <algorithm>
#include <numeric>

namespace calc {
namespace {
std::size_t edits(const std::string &a, const std::string &b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0u);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row.back();
}
}  // namespace

std::string suggestion(const std::string &typed, const std::vector<std::string> &names) {
  const auto nearest = std::min_element(names.begin(), names.end(), [&](const auto &a, const auto &b) { return edits(typed, a) < edits(typed, b); });
  if (nearest == names.end() || edits(typed, *nearest) > 2) return "";
  return ": did you mean '" + *nearest + "'?";
}
}  // namespace calc
