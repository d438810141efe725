#include "num.h"

#include <string.h>

char *num_sparkline(const size_t *counts, size_t bins, char *out, size_t size) {
  static const char blocks[][4] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  size_t most = 1, used = 0;
  for (size_t i = 0; i < bins; i++)
    if (counts[i] > most) most = counts[i];
  for (size_t i = 0; i < bins; i++) {
    const char *block = blocks[(counts[i] * 8 + most - 1) / most];
    size_t length = strlen(block);
    if (used + length >= size) break;
    memcpy(out + used, block, length);
    used += length;
  }
  out[used] = '\0';
  return out;
}
