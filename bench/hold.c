/* A build whose memory is known. bench/accuracy.mjs runs it.
 *
 *   hold REPORT MEMBER...      MEMBER is KIND:KIB[:EXTRA]@START+HOLD, times in milliseconds
 *
 *   anon    private memory in pages of 4 KiB          thp     private memory in huge pages
 *   shared  the first KIB of one MAP_SHARED mapping   cow     inherited private memory, EXTRA percent of it rewritten
 *   file    the file EXTRA, mapped and read           ramp    private memory that grows to KIB in two steps and shrinks to an eighth
 *
 * Members with one START are a cohort: once all of it have their memory, each keeps it for its HOLD and ends by exit_group. At that instant the
 * sizes of all processes here are read from the kernel: resident from statm, then Pss and Anonymous from smaps_rollup (null when one of them has
 * ended meanwhile). REPORT gets one line of JSON for each cohort.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MEMBERS = 256, PAGE = 4096, HUGE_PAGE = 2 << 20, STEP_MS = 400 };

struct member {
    const char *kind, *extra;
    size_t bytes;
    long start_ms, hold_ms;
    pid_t pid;
};

static struct member members[MEMBERS];
static int count;
static char *common, *inherited;
static struct { atomic_int ready, released; } *barrier;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void sleep_ms(long ms) {
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left)) {}
}

static long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static char *map(size_t bytes, int flags, int file, int protection) {
    char *memory = mmap(NULL, bytes, protection, flags, file, 0);
    if (memory == MAP_FAILED) die("mmap");
    return memory;
}

static char *private_memory(size_t bytes, int advice) {
    char *memory = map(bytes + HUGE_PAGE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, PROT_READ | PROT_WRITE);
    memory += HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE;
    if (madvise(memory, bytes, advice) && advice == MADV_HUGEPAGE) die("MADV_HUGEPAGE");
    return memory;
}

static void fill(char *memory, size_t from, size_t to) {
    for (size_t at = from; at < to; at += PAGE) memory[at] = 1;
}

static void ready(void) {
    barrier->ready++;
    while (!barrier->released) usleep(200);
}

_Noreturn static void play(const struct member *member) {
    const char *kind = member->kind;
    size_t bytes = member->bytes;
    char *memory = NULL;
    if (!strcmp(kind, "anon")) fill(private_memory(bytes, MADV_NOHUGEPAGE), 0, bytes);
    else if (!strcmp(kind, "thp")) fill(private_memory(bytes, MADV_HUGEPAGE), 0, bytes);
    else if (!strcmp(kind, "shared")) fill(common, 0, bytes);
    else if (!strcmp(kind, "cow")) fill(inherited, 0, bytes / PAGE * (size_t)atoi(member->extra) / 100 * PAGE);
    else if (!strcmp(kind, "file")) {
        int file = open(member->extra, O_RDONLY);
        if (file < 0) die(member->extra);
        volatile char *mapped = map(bytes, MAP_PRIVATE, file, PROT_READ);
        for (size_t at = 0; at < bytes; at += PAGE) (void)mapped[at];
    } else if (!strcmp(kind, "ramp")) {
        memory = private_memory(bytes, MADV_NOHUGEPAGE);
        fill(memory, 0, bytes / 4);
        sleep_ms(STEP_MS);
        fill(memory, bytes / 4, bytes);
    } else {
        fprintf(stderr, "no kind %s\n", kind);
        _exit(1);
    }
    ready();
    sleep_ms(member->hold_ms);
    if (memory) {
        munmap(memory + bytes / 8 / PAGE * PAGE, bytes - bytes / 8 / PAGE * PAGE);
        sleep_ms(STEP_MS);
    }
    _exit(0);
}

static ssize_t read_file(pid_t pid, const char *name, char *text, size_t room) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t length = read(file, text, room - 1);
    close(file);
    text[length < 0 ? 0 : length] = 0;
    return length;
}

static long after(const char *text, const char *key) {
    const char *found = strstr(text, key);
    return found ? strtol(found + strlen(key), NULL, 10) : 0;
}

/* Members that have ended are zombies or reaped: they count nothing, and spoil a reading only if they end between the two passes. */
static void measure(FILE *report) {
    char text[8192];
    long rss = 0, pss = 0, anonymous = 0;
    int alive = 0, measured = 0;
    for (int index = -1; index < count; index++) {
        pid_t pid = index < 0 ? getpid() : members[index].pid;
        if (!pid || read_file(pid, "statm", text, sizeof text) <= 0) continue;
        long resident = strtol(strchr(text, ' '), NULL, 10) * (PAGE / 1024);
        rss += resident;
        alive += resident > 0;
    }
    for (int index = -1; index < count; index++) {
        pid_t pid = index < 0 ? getpid() : members[index].pid;
        if (!pid || read_file(pid, "smaps_rollup", text, sizeof text) <= 0) continue;
        pss += after(text, "\nPss:");
        anonymous += after(text, "\nAnonymous:");
        measured++;
    }
    if (measured == alive) fprintf(report, "{\"rss_kb\":%ld,\"pss_kb\":%ld,\"anonymous_kb\":%ld,\"processes\":%d}\n", rss, pss, anonymous, alive);
    else fprintf(report, "{\"rss_kb\":%ld,\"pss_kb\":null,\"anonymous_kb\":null,\"processes\":%d}\n", rss, alive);
    fflush(report);
}

static void parse(char *word, struct member *member) {
    char *at = strrchr(word, '@'), *plus = at ? strchr(at, '+') : NULL, *size = strchr(word, ':');
    if (!at || !plus || !size) {
        fprintf(stderr, "not KIND:KIB[:EXTRA]@START+HOLD: %s\n", word);
        exit(1);
    }
    *at = *size++ = 0;
    char *extra = strchr(size, ':');
    if (extra) *extra++ = 0;
    *member = (struct member){.kind = word, .extra = extra ? extra : "0", .bytes = strtoull(size, NULL, 10) * 1024,
                              .start_ms = atol(at + 1), .hold_ms = atol(plus + 1)};
}

int main(int argc, char **argv) {
    if (argc < 3 || argc - 2 > MEMBERS) return fputs("usage: hold REPORT MEMBER... (256 at most)\n", stderr), 1;
    FILE *report = fopen(argv[1], "we");
    if (!report) die(argv[1]);
    size_t inherit = 0;
    for (; count < argc - 2; count++) {
        parse(argv[count + 2], &members[count]);
        if (!strcmp(members[count].kind, "cow") && members[count].bytes > inherit) inherit = members[count].bytes;
        if (count && members[count].start_ms < members[count - 1].start_ms) return fputs("members must be in the order of their START\n", stderr), 1;
    }
    barrier = (void *)map(PAGE, MAP_SHARED | MAP_ANONYMOUS, -1, PROT_READ | PROT_WRITE);
    common = map((size_t)4 << 30, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, PROT_READ | PROT_WRITE);
    if (inherit) {
        inherited = private_memory(inherit, MADV_NOHUGEPAGE);
        fill(inherited, 0, inherit);
    }
    long begin = now_ms();
    for (int first = 0; first < count;) {
        int next = first;
        long wait = begin + members[first].start_ms - now_ms();
        if (wait > 0) sleep_ms(wait);
        barrier->ready = barrier->released = 0;
        for (; next < count && members[next].start_ms == members[first].start_ms; next++) {
            if ((members[next].pid = fork()) < 0) die("fork");
            if (!members[next].pid) play(&members[next]);
        }
        while (barrier->ready < next - first) {
            int status;
            if (waitpid(-1, &status, WNOHANG) > 0 && status) return fputs("a member failed\n", stderr), 1;
            usleep(200);
        }
        barrier->released = 1;
        measure(report);
        first = next;
        sleep_ms(1); /* The members look every 0.2 ms. */
    }
    int status, failed = 0;
    while (wait(&status) > 0) failed |= status;
    return fclose(report) || failed;
}
