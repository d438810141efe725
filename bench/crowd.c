/* Many processes that do nothing, and the least that reading them can cost. bench/scale.mjs and bench/churn.mjs run it.
 *
 *   crowd idle COUNT MS PIDS          COUNT sleeping children for MS milliseconds; PIDS gets "ready", and their ids
 *   crowd late COUNT MS PIDS          the same; then 100 more, one every 50 ms and some, each for 500 ms; PIDS gets "PID MICROSECONDS" (since 1970) of each fork
 *   crowd read PIDS MS INTERVAL_MS    reads statm of these by kept descriptors at every interval; prints JSON: its ticks, CPU time and its median of a tick
 *   crowd churn COUNT MS              COUNT children that end at once, two at a time at most, spread over MS milliseconds where the machine can
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LATE = 100, LATE_MS = 500, LATE_EVERY_MS = 53 };

static void die(const char *what) {
    perror(what);
    exit(1);
}

static uint64_t now_us(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void sleep_until(uint64_t us) {
    struct timespec until = {(time_t)(us / 1000000), (long)(us % 1000000 * 1000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
}

static pid_t sleeper(uint64_t until) {
    pid_t pid = fork();
    if (pid < 0) die("fork");
    if (pid) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sleep_until(until);
    _exit(0);
}

static int idle(long count, uint64_t ms, const char *pids_name, int late) {
    FILE *pids = fopen(pids_name, "we");
    if (!pids) die(pids_name);
    /* Forking takes its time, so it is not part of MS. */
    uint64_t until = now_us(CLOCK_MONOTONIC) + (uint64_t)count * 500 + ms * 1000;
    for (long child = 0; child < count; child++) {
        pid_t pid = sleeper(until);
        if (!late) fprintf(pids, "%d\n", pid);
    }
    if (!late) fputs("ready\n", pids);
    fflush(pids);
    for (int child = 0; late && child < LATE; child++) {
        sleep_until(now_us(CLOCK_MONOTONIC) + LATE_EVERY_MS * 1000);
        uint64_t at = now_us(CLOCK_REALTIME);
        fprintf(pids, "%d %llu\n", sleeper(now_us(CLOCK_MONOTONIC) + LATE_MS * 1000), (unsigned long long)at);
    }
    while (wait(NULL) > 0) {}
    return fclose(pids) != 0;
}

static int ascending(const void *left, const void *right) {
    uint32_t one = *(const uint32_t *)left, other = *(const uint32_t *)right;
    return (one > other) - (one < other);
}

static int read_all(const char *pids_name, uint64_t ms, uint64_t interval_ms) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    FILE *pids = fopen(pids_name, "re");
    if (!pids) die(pids_name);
    static int statm[1 << 16];
    int count = 0, pid;
    for (char path[64]; count < 1 << 16 && fscanf(pids, "%d", &pid) == 1; count++) {
        snprintf(path, sizeof path, "/proc/%d/statm", pid);
        if ((statm[count] = open(path, O_RDONLY | O_CLOEXEC)) < 0) die(path);
    }
    char text[160];
    static uint32_t steps[1 << 20];
    uint64_t ticks = 0, resident = 0, deadline = now_us(CLOCK_MONOTONIC), end = deadline + ms * 1000, cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
    for (; deadline < end && ticks < 1 << 20; deadline += interval_ms * 1000, ticks++) {
        sleep_until(deadline);
        uint64_t before = now_us(CLOCK_PROCESS_CPUTIME_ID);
        for (int index = 0; index < count; index++) {
            ssize_t length = pread(statm[index], text, sizeof text - 1, 0);
            text[length > 0 ? length : 0] = 0;
            char *second = strchr(text, ' ');
            if (second) resident += strtoull(second, NULL, 10);
        }
        steps[ticks] = (uint32_t)(now_us(CLOCK_PROCESS_CPUTIME_ID) - before);
    }
    qsort(steps, ticks, sizeof *steps, ascending);
    printf("{\"ticks\":%llu,\"processes\":%d,\"cpu_us\":%llu,\"median_us\":%u,\"mean_pages\":%llu}\n", (unsigned long long)ticks, count,
           (unsigned long long)(now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu), ticks ? steps[ticks / 2] : 0, (unsigned long long)(ticks ? resident / ticks : 0));
    return 0;
}

static int churn(long count, uint64_t ms) {
    uint64_t begin = now_us(CLOCK_MONOTONIC);
    for (long started = 0, running = 0; started < count || running;) {
        uint64_t due = begin + (uint64_t)started * ms * 1000 / (uint64_t)count;
        if (started < count && running < 2 && due < now_us(CLOCK_MONOTONIC) + 1000) {
            pid_t pid = fork();
            if (pid < 0) die("fork");
            if (!pid) _exit(0);
            started++;
            running++;
        } else if (running) {
            wait(NULL);
            running--;
        } else {
            sleep_until(due);
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 5 && (!strcmp(argv[1], "idle") || !strcmp(argv[1], "late"))) return idle(atol(argv[2]), strtoull(argv[3], NULL, 10), argv[4], argv[1][0] == 'l');
    if (argc == 5 && !strcmp(argv[1], "read") && atoi(argv[4]) > 0) return read_all(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
    if (argc == 4 && !strcmp(argv[1], "churn") && atol(argv[2]) > 0) return churn(atol(argv[2]), strtoull(argv[3], NULL, 10));
    return fputs("usage: crowd idle|late COUNT MS PIDS | read PIDS MS INTERVAL_MS | churn COUNT MS\n", stderr), 1;
}
