// Found by the compiler: the quantities are types, and every pair of them is an instantiation.
#include "algebra.hpp"

#include "quantities.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <variant>

namespace calc {
namespace {
template <class List> struct variant_of;
template <class... Types> struct variant_of<typelist<Types...>> {
  using type = std::variant<Types...>;
  static std::vector<type> each() { return {type{Types{}}...}; }
};
using quantity_variant = variant_of<all_quantities>::type;

template <template <class, class> class Operation, class A, class B>
using result_of = typename named<typename Operation<typename A::dimension, typename B::dimension>::type, all_quantities>::type;

template <template <class, class> class Operation, char symbol> struct rule {
  using equation = std::tuple<std::string, std::string, char, std::string>;

  template <class A, class B> std::optional<equation> operator()(const A &, const B &) const {
    using result = result_of<Operation, A, B>;
    if constexpr (result::name == nullptr) return std::nullopt;
    else return equation{result::name, A::name, symbol, B::name};
  }
};

template <class Rule> void collect(const Rule &rule, std::set<typename Rule::equation> &out) {
  for (const quantity_variant &left : variant_of<all_quantities>::each())
    for (const quantity_variant &right : variant_of<all_quantities>::each())
      if (auto found = std::visit(rule, left, right)) out.insert(std::move(*found));
}
}  // namespace

std::vector<std::string> algebra() {
  std::set<rule<product, '*'>::equation> equations;
  collect(rule<product, '*'>{}, equations);
  std::set<rule<quotient, '/'>::equation> quotients;
  collect(rule<quotient, '/'>{}, quotients);
  equations.insert(quotients.begin(), quotients.end());
  std::vector<std::string> lines;
  for (const auto &[result, left, symbol, right] : equations) lines.push_back(result + " = " + left + " " + symbol + " " + right);
  return lines;
}
}  // namespace calc
