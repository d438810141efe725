/* The kernel's own count of a build's memory, without any process being read. bench/accuracy.mjs runs it.
 *
 *   cgroup-memory watch DIR HZ TRACE -- COMMAND...   makes the memory cgroup DIR, runs COMMAND outside of it and reads DIR's memory.stat meanwhile
 *   cgroup-memory join DIR -- COMMAND...             joins DIR, then becomes COMMAND
 *
 * A line of TRACE: microseconds since 1970, anonymous KiB, shared memory (tmpfs, MAP_SHARED) KiB, mapped files KiB. Version 1 and 2.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    exit(125);
}

static uint64_t now_us(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t kib(const char *stat, const char *key) {
    const char *found = strstr(stat, key);
    return found ? strtoull(found + strlen(key), NULL, 10) / 1024 : 0;
}

static void become(char **command) {
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

static int join(const char *dir, char **command) {
    char path[4200], own[16];
    snprintf(path, sizeof path, "%s/cgroup.procs", dir);
    int procs = open(path, O_WRONLY | O_CLOEXEC);
    if (procs < 0 || write(procs, own, (size_t)sprintf(own, "%d", getpid())) < 0) die(path);
    become(command);
    return 127;
}

static int watch(const char *dir, uint64_t hz, const char *trace_name, char **command) {
    char path[4200], stat[16384];
    if (mkdir(dir, 0755)) die(dir);
    snprintf(path, sizeof path, "%s/memory.stat", dir);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    FILE *trace = fopen(trace_name, "we");
    if (memory < 0 || !trace) die(memory < 0 ? path : trace_name);
    pid_t child = fork();
    if (child < 0) die("fork");
    if (!child) become(command);
    int status;
    uint64_t deadline = now_us(CLOCK_MONOTONIC);
    while (waitpid(child, &status, WNOHANG) == 0) {
        ssize_t length = pread(memory, stat, sizeof stat - 1, 0);
        if (length <= 0) die(path);
        stat[length] = 0;
        /* Only version 1 has totals with the groups below. */
        bool old = strstr(stat, "\ntotal_rss ");
        fprintf(trace, "%llu %llu %llu %llu\n", (unsigned long long)now_us(CLOCK_REALTIME), (unsigned long long)kib(stat, old ? "\ntotal_rss " : "anon "),
                (unsigned long long)kib(stat, old ? "\ntotal_shmem " : "\nshmem "), (unsigned long long)kib(stat, old ? "\ntotal_mapped_file " : "\nfile_mapped "));
        uint64_t now = now_us(CLOCK_MONOTONIC);
        do deadline += 1000000 / hz;
        while (deadline <= now);
        struct timespec until = {(time_t)(deadline / 1000000), (long)(deadline % 1000000 * 1000)};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
    }
    if (fclose(trace)) die(trace_name);
    /* What the build left behind keeps the group. */
    if (rmdir(dir)) die(dir);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv) {
    if (argc > 4 && !strcmp(argv[1], "join") && !strcmp(argv[3], "--")) return join(argv[2], argv + 4);
    if (argc > 6 && !strcmp(argv[1], "watch") && !strcmp(argv[5], "--") && atol(argv[3]) > 0)
        return watch(argv[2], strtoull(argv[3], NULL, 10), argv[4], argv + 6);
    return fputs("usage: cgroup-memory watch DIR HZ TRACE -- COMMAND... | join DIR -- COMMAND...\n", stderr), 125;
}
