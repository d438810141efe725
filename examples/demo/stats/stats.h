#ifndef STATS_H
#define STATS_H

#include "num.h"

#include <stdbool.h>

typedef struct {
  /* Draw this many normal values instead of reading: 0 reads standard input. */
  size_t draw;
  uint64_t seed;
  size_t bins;
  bool help;
} stats_options;

/* Returns the first argument that cannot be used, NULL when all can. */
const char *stats_parse(stats_options *options, int argc, char **argv);
int stats_report(FILE *out, const num_buffer *data, size_t bins);

#endif
