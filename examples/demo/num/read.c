#include "num.h"

#include <stdlib.h>

size_t num_read(FILE *in, num_buffer *out) {
  char word[64], *end;
  for (size_t index = 1; fscanf(in, "%63s", word) == 1; index++) {
    double value = strtod(word, &end);
    if (*end != '\0' || num_buffer_push(out, value) != 0) return index;
  }
  return 0;
}
