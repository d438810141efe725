/* Short processes that keep their own books. bench/coverage.mjs runs it.
 *
 *   short LIST COUNT SEED      COUNT children, two at a time, each forked and exec'ed, each 1 to 5 ms of CPU or sleep and up to 8 MiB
 *
 * Just before its exit_group a child appends to LIST, in one write: pid, start time (field 22 of stat), VmHWM in KiB, its CPU clock in microseconds, its
 * exit code. The parent appends "total" and the CPU time in microseconds of all children by wait4, one by one, so what the exits cost is known too.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PARALLEL = 2, PAGE = 4096 };

static void die(const char *what) {
    perror(what);
    _exit(99);
}

static uint64_t now_us(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static const char *own(const char *name) {
    static char text[4096];
    int file = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (length <= 0) die(name);
    close(file);
    text[length] = 0;
    return text;
}

static void note(int list, unsigned code) {
    char line[128];
    const char *field = strrchr(own("/proc/self/stat"), ')');
    for (int skip = 0; skip < 20; skip++) field = strchr(field + 1, ' ');
    uint64_t start = strtoull(field, NULL, 10);
    uint64_t mark = strtoull(strstr(own("/proc/self/status"), "VmHWM:") + 6, NULL, 10);
    int length = snprintf(line, sizeof line, "%d %llu %llu %llu %u\n", getpid(), (unsigned long long)start, (unsigned long long)mark,
                          (unsigned long long)now_us(CLOCK_PROCESS_CPUTIME_ID), code);
    if (write(list, line, (size_t)length) != length) die("the list");
}

_Noreturn static void child(const char *list_name, unsigned draw) {
    uint64_t begin = now_us(CLOCK_MONOTONIC), until = begin + 1000 + draw % 4000;
    size_t bytes = (size_t)(draw / 7 % 2048) * PAGE;
    int list = open(list_name, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (list < 0) die(list_name);
    char *memory = bytes ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
    if (memory == MAP_FAILED) die("mmap");
    for (size_t at = 0; at < bytes; at += PAGE) memory[at] = 1;
    /* Half of them shrink again: the mark is not what they end with. */
    if (bytes && draw & 1) munmap(memory, bytes);
    uint64_t now = now_us(CLOCK_MONOTONIC);
    if (draw & 2 && now < until) usleep((useconds_t)(until - now));
    while (now_us(CLOCK_MONOTONIC) < until) {}
    /* First for nothing: what is run and read for the first time maps pages, which must not come after the reading. */
    note(open("/dev/null", O_WRONLY | O_CLOEXEC), draw % 100);
    note(list, draw % 100);
    _exit((int)(draw % 100));
}

int main(int argc, char **argv) {
    if (argc == 4 && !strcmp(argv[1], "child")) child(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
    if (argc != 4) return fputs("usage: short LIST COUNT SEED\n", stderr), 1;
    int list = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666), count = atoi(argv[2]), running = 0;
    if (list < 0) die(argv[1]);
    unsigned draw = (unsigned)strtoul(argv[3], NULL, 10);
    uint64_t total = 0;
    for (int started = 0; started < count || running;) {
        if (started < count && running < PARALLEL) {
            char number[16];
            draw = draw * 1664525u + 1013904223u;
            snprintf(number, sizeof number, "%u", draw >> 8);
            pid_t pid = fork();
            if (pid < 0) die("fork");
            if (!pid) execl("/proc/self/exe", "short", "child", argv[1], number, (char *)NULL), die("exec");
            started++;
            running++;
            continue;
        }
        int status;
        struct rusage use;
        if (wait4(-1, &status, 0, &use) < 0) die("wait4");
        if (!WIFEXITED(status)) return fprintf(stderr, "a child was ended by signal %d\n", WTERMSIG(status)), 1;
        total += (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 + (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
        running--;
    }
    dprintf(list, "total %llu\n", (unsigned long long)total);
    return 0;
}
