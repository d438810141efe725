#include "num.h"

#include <stdlib.h>

int num_buffer_push(num_buffer *buffer, double value) {
  if (buffer->length == buffer->capacity) {
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 64;
    double *grown = realloc(buffer->values, capacity * sizeof *grown);
    if (!grown) return -1;
    buffer->values = grown;
    buffer->capacity = capacity;
  }
  buffer->values[buffer->length++] = value;
  return 0;
}

void num_buffer_free(num_buffer *buffer) {
  free(buffer->values);
  *buffer = (num_buffer){0};
}
