/* Built and run first: writes the table of libnum's CRC-32 (polynomial 0xedb88320). */
#include <stdint.h>
#include <stdio.h>

int main(void) {
  puts("static const uint32_t crc_table[256] = {");
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    printf("    0x%08xu,\n", (unsigned)crc);
  }
  puts("};");
  return ferror(stdout) != 0;
}
