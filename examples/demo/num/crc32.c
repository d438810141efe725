#include "num.h"

#include "crc_table.h"

uint32_t num_crc32(const void *data, size_t size) {
  const unsigned char *bytes = data;
  uint32_t crc = 0xffffffffu;
  while (size-- > 0) crc = (crc >> 8) ^ crc_table[(crc ^ *bytes++) & 0xff];
  return ~crc;
}
