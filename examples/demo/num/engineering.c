#include "num.h"

#include <math.h>

char *num_engineering(double value, char *out, size_t size) {
  static const char *const prefixes[] = {"n", "µ", "m", "", "k", "M", "G", "T"};
  int prefix = 3;
  if (isfinite(value) && value != 0) {
    while (fabs(value) >= 999.95 && prefix < 7) value /= 1000, prefix++;
    while (fabs(value) < 0.99995 && prefix > 0) value *= 1000, prefix--;
  }
  snprintf(out, size, "%.4g%s%s", value, *prefixes[prefix] ? " " : "", prefixes[prefix]);
  return out;
}
