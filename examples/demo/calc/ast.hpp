// What the parser makes of an expression.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace calc {
struct Node;
using NodePtr = std::unique_ptr<Node>;

struct Number { double value; };
struct Name { std::string text; };
struct Negate { NodePtr operand; };
struct Binary { char op; NodePtr left, right; };
struct Call { std::string function; std::vector<NodePtr> arguments; };
struct Convert { NodePtr value, unit; };

struct Node { std::variant<Number, Name, Negate, Binary, Call, Convert> is; };

template <class T> NodePtr node(T value) { return std::make_unique<Node>(Node{std::move(value)}); }

template <class... F> struct overloaded : F... { using F::operator()...; };
template <class... F> overloaded(F...) -> overloaded<F...>;
}  // namespace calc
