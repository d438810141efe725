#pragma once

#include <stdexcept>

namespace calc {
// The expression cannot be understood or computed; the message is for the user.
struct Error : std::runtime_error { using std::runtime_error::runtime_error; };
}  // namespace calc
