/* stats: describes the numbers on standard input, or of a drawn sample. */
#include "stats.h"

static const char usage[] = "usage: stats [--draw COUNT [--seed N]] [--bins 1..200] <NUMBERS\n";

static int draw(num_buffer *data, size_t count, uint64_t seed) {
  num_random random = {seed};
  while (data->length < count)
    if (num_buffer_push(data, num_normal(&random)) != 0) return -1;
  return 0;
}

int main(int argc, char **argv) {
  stats_options options;
  num_buffer data = {0};
  const char *unusable = stats_parse(&options, argc, argv);
  if (unusable || options.help) {
    if (unusable) fprintf(stderr, "stats: '%s' cannot be used here\n", unusable);
    fputs(usage, unusable ? stderr : stdout);
    return unusable ? 2 : 0;
  }
  if (options.draw && draw(&data, options.draw, options.seed) != 0) return 1;
  if (!options.draw) {
    size_t wrong = num_read(stdin, &data);
    if (wrong) {
      fprintf(stderr, "stats: word %zu of the input is not a number\n", wrong);
      return 1;
    }
  }
  if (data.length < 3) {
    fputs("stats: at least three numbers are needed\n", stderr);
    return 1;
  }
  int status = stats_report(stdout, &data, options.bins);
  num_buffer_free(&data);
  return status != 0;
}
