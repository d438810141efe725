#include "parser.hpp"

#include "error.hpp"
#include "lexer.hpp"

namespace calc {
namespace {
class Parser {
 public:
  explicit Parser(const std::string &expression) : tokens_(tokens(expression)) {}

  NodePtr whole() {
    NodePtr value = sum();
    if (is(Token::name, "in")) {
      ++at_;
      value = node(Convert{std::move(value), sum()});
    }
    if (now().kind != Token::end) fail("an operator or the end");
    return value;
  }

 private:
  std::vector<Token> tokens_;
  std::size_t at_ = 0;

  const Token &now() const { return tokens_[at_]; }
  bool is(Token::Kind kind, const char *text) const { return now().kind == kind && now().text == text; }
  bool take(const char *symbol) { return is(Token::symbol, symbol) && ++at_; }

  [[noreturn]] void fail(const std::string &wanted) const {
    const std::string seen = now().kind == Token::end ? "the expression ends" : "'" + now().text + "' stands";
    throw Error(seen + " at column " + std::to_string(now().at + 1) + " where " + wanted + " is expected");
  }

  NodePtr sum() {
    NodePtr left = product();
    while (is(Token::symbol, "+") || is(Token::symbol, "-")) {
      const char op = tokens_[at_++].text[0];
      left = node(Binary{op, std::move(left), product()});
    }
    return left;
  }

  bool starts_factor() const { return (now().kind == Token::name && now().text != "in") || is(Token::symbol, "("); }

  NodePtr product() {
    NodePtr left = unary();
    for (;;) {
      if (is(Token::symbol, "*") || is(Token::symbol, "/")) {
        const char op = tokens_[at_++].text[0];
        left = node(Binary{op, std::move(left), juxtaposed()});
      } else if (starts_factor()) {
        left = node(Binary{'*', std::move(left), unary()});
      } else {
        return left;
      }
    }
  }

  // After "/" a number keeps its unit: 3 km / 20 min.
  NodePtr juxtaposed() {
    const bool number = now().kind == Token::number;
    NodePtr value = unary();
    while (number && starts_factor()) value = node(Binary{'*', std::move(value), unary()});
    return value;
  }

  NodePtr unary() {
    if (take("-")) return node(Negate{unary()});
    NodePtr base = primary();
    if (take("^")) return node(Binary{'^', std::move(base), unary()});
    return base;
  }

  NodePtr primary() {
    const Token token = now();
    if (token.kind == Token::number) return ++at_, node(Number{std::stod(token.text)});
    if (token.kind == Token::name) return ++at_, is(Token::symbol, "(") ? call(token.text) : node(Name{token.text});
    if (!take("(")) fail("a value");
    NodePtr inner = sum();
    if (!take(")")) fail("')'");
    return inner;
  }

  NodePtr call(const std::string &function) {
    Call out{function, {}};
    take("(");
    do out.arguments.push_back(sum());
    while (take(","));
    if (!take(")")) fail("',' or ')'");
    return node(std::move(out));
  }
};
}  // namespace

NodePtr parse(const std::string &expression) { return Parser(expression).whole(); }
}  // namespace calc
