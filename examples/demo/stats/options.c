#include "stats.h"

#include <stdlib.h>
#include <string.h>

static bool positive(const char *text, unsigned long long *value) {
  char *end;
  *value = strtoull(text, &end, 10);
  return *text != '\0' && *text != '-' && *end == '\0' && *value > 0;
}

const char *stats_parse(stats_options *options, int argc, char **argv) {
  *options = (stats_options){.seed = 1, .bins = 40};
  for (int i = 1; i < argc; i++) {
    unsigned long long value = 0;
    if (strcmp(argv[i], "--help") == 0) {
      options->help = true;
    } else if (i + 1 < argc && positive(argv[i + 1], &value)) {
      if (strcmp(argv[i], "--draw") == 0) options->draw = (size_t)value;
      else if (strcmp(argv[i], "--seed") == 0) options->seed = value;
      else if (strcmp(argv[i], "--bins") == 0 && value <= 200) options->bins = (size_t)value;
      else return argv[i];
      i++;
    } else {
      return argv[i];
    }
  }
  return NULL;
}
