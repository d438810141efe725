/* The price of the job itself: what a plain C program pays for the same reads as mymonitor's sampler. bench/overhead.mjs runs it.
 *
 *   baseline [--bare] [--interval-ms 50] --json FILE --journal FILE -- COMMAND...
 *
 * Runs COMMAND as its child and subreaper. At every deadline: the children of every task of every process below it, statm of each (kept
 * descriptors), for each new process stat, cmdline, exe and cwd, the host's files, and one write() of what was read. --bare only walks.
 * Prints its own CPU time, its ticks and the processes it saw as JSON. Ends with COMMAND's status.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUCKETS = 4096, CMDLINE_CAP = 64 * 1024 };

struct process {
    struct process *next; /* in its bucket */
    uint32_t pid, id;
    uint64_t seen_tick;
    int dir, statm, children;
};

static struct process *buckets[BUCKETS];
static struct process **live;
static size_t live_count, live_room;
static uint32_t seen;
static uint64_t tick;
static bool bare;
static int proc_root;
static char *frame;
static size_t frame_length, frame_room;

static void die(const char *what) {
    perror(what);
    exit(125);
}

static void *grown(void *memory, size_t bytes) {
    void *result = realloc(memory, bytes);
    if (!result) die("realloc");
    return result;
}

static void append(const void *bytes, size_t length) {
    if (frame_length + length > frame_room) {
        frame_room = 2 * (frame_length + length);
        frame = grown(frame, frame_room);
    }
    memcpy(frame + frame_length, bytes, length);
    frame_length += length;
}

static void append_number(uint64_t value) { append(&value, sizeof value); }

static void append_bytes(const char *bytes, ssize_t length) {
    append_number(length < 0 ? 0 : (uint64_t)length);
    if (length > 0) append(bytes, (size_t)length);
}

static ssize_t read_at(int dir, const char *name, char *buffer, size_t room) {
    int file = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t length = read(file, buffer, room);
    close(file);
    return length;
}

static struct process *find(uint32_t pid) {
    struct process *process = buckets[pid % BUCKETS];
    while (process && process->pid != pid) process = process->next;
    return process;
}

static void forget(size_t index) {
    struct process *process = live[index];
    struct process **link = &buckets[process->pid % BUCKETS];
    while (*link != process) link = &(*link)->next;
    *link = process->next;
    close(process->dir);
    close(process->statm);
    close(process->children);
    free(process);
    live[index] = live[--live_count];
}

/* Field 22 of stat; the name before it may hold spaces and parentheses. */
static uint64_t start_ticks(char *stat, ssize_t length) {
    if (length <= 0) return 0;
    stat[length] = 0;
    char *field = strrchr(stat, ')');
    for (int skip = 0; field && skip < 20; skip++) field = strchr(field + 1, ' ');
    return field ? strtoull(field, NULL, 10) : 0;
}

static void describe(const struct process *process) {
    static char buffer[CMDLINE_CAP];
    append_number(process->id);
    append_number(process->pid);
    append_number(start_ticks(buffer, read_at(process->dir, "stat", buffer, 4095)));
    append_bytes(buffer, read_at(process->dir, "cmdline", buffer, sizeof buffer));
    append_bytes(buffer, readlinkat(process->dir, "exe", buffer, 4096));
    append_bytes(buffer, readlinkat(process->dir, "cwd", buffer, 4096));
}

static struct process *open_process(uint32_t pid) {
    char name[64];
    snprintf(name, sizeof name, "%u", pid);
    int dir = openat(proc_root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return NULL;
    int statm = openat(dir, "statm", O_RDONLY | O_CLOEXEC);
    snprintf(name, sizeof name, "task/%u/children", pid);
    int children = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (statm < 0 || children < 0) {
        close(dir);
        if (statm >= 0) close(statm);
        if (children >= 0) close(children);
        return NULL;
    }
    struct process *process = grown(NULL, sizeof *process);
    *process = (struct process){.next = buckets[pid % BUCKETS], .pid = pid, .id = seen++, .dir = dir, .statm = statm, .children = children};
    buckets[pid % BUCKETS] = process;
    if (live_count == live_room) live = grown(live, (live_room = live_room ? 2 * live_room : 64) * sizeof *live);
    live[live_count++] = process;
    if (!bare) describe(process);
    return process;
}

static void walk(struct process *process);

static void walk_list(int file) {
    char buffer[4096];
    for (off_t offset = 0;;) {
        ssize_t length = pread(file, buffer, sizeof buffer - 1, offset);
        if (length <= 0) return;
        buffer[length] = 0;
        /* A number that the buffer cut is read again with its rest. */
        char *end = strrchr(buffer, ' ');
        if (!end) return;
        *end = 0;
        for (char *next = buffer; *next;) {
            uint32_t pid = (uint32_t)strtoul(next, &next, 10);
            struct process *child = find(pid);
            if (!child) child = open_process(pid);
            if (child && child->seen_tick != tick) walk(child);
            while (*next == ' ') next++;
        }
        offset += end - buffer + 1;
        if (length < (ssize_t)sizeof buffer - 1) return;
    }
}

static void walk_other_tasks(const struct process *process) {
    int tasks = openat(process->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = tasks < 0 ? NULL : fdopendir(tasks);
    if (!entries) return;
    for (struct dirent *entry; (entry = readdir(entries));) {
        char name[300];
        if (entry->d_name[0] == '.' || strtoul(entry->d_name, NULL, 10) == process->pid) continue;
        snprintf(name, sizeof name, "%s/children", entry->d_name);
        int file = openat(tasks, name, O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        walk_list(file);
        close(file);
    }
    closedir(entries);
}

static void walk(struct process *process) {
    struct stat task;
    process->seen_tick = tick;
    walk_list(process->children);
    /* Links of the task directory: two and one a thread. */
    if (fstatat(process->dir, "task", &task, 0) == 0 && task.st_nlink > 3) walk_other_tasks(process);
}

static void read_memory(void) {
    char buffer[160];
    for (size_t index = 0; index < live_count;) {
        ssize_t length = pread(live[index]->statm, buffer, sizeof buffer - 1, 0);
        if (length <= 0) {
            forget(index);
            continue;
        }
        buffer[length] = 0;
        char *next;
        uint64_t size = strtoull(buffer, &next, 10), resident = strtoull(next, &next, 10), shared = strtoull(next, NULL, 10);
        if (size) {
            append_number(live[index]->id);
            append_number(resident * 4);
            append_number(shared * 4);
        }
        index++;
    }
}

/* Usage and OOM kills of the first memory cgroup path of this process, version 1 before 2, as mymonitor chooses. */
static void open_cgroup(int *usage, int *oom) {
    char line[4200], path[4400];
    *usage = *oom = -1;
    FILE *groups = fopen("/proc/self/cgroup", "r");
    while (groups && *usage < 0 && fgets(line, sizeof line, groups)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = 0;
        bool version1 = strstr(controllers, "memory");
        if (!version1 && strncmp(line, "0:", 2)) continue;
        const char *root = version1 ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
        snprintf(path, sizeof path, "%s%s/%s", root, group, version1 ? "memory.usage_in_bytes" : "memory.current");
        *usage = open(path, O_RDONLY | O_CLOEXEC);
        snprintf(path, sizeof path, "%s%s/%s", root, group, version1 ? "memory.oom_control" : "memory.events");
        *oom = *usage < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    }
    if (groups) fclose(groups);
}

static uint64_t number_after(const char *text, const char *key) {
    const char *found = strstr(text, key);
    return found ? strtoull(found + strlen(key), NULL, 10) : 0;
}

enum { MEMINFO, PRESSURE_MEMORY, PRESSURE_CPU, LOADAVG, CGROUP_USAGE, CGROUP_OOM, HOST_FILES };
static int host[HOST_FILES];

static void open_host(void) {
    host[MEMINFO] = openat(proc_root, "meminfo", O_RDONLY | O_CLOEXEC);
    host[PRESSURE_MEMORY] = openat(proc_root, "pressure/memory", O_RDONLY | O_CLOEXEC);
    host[PRESSURE_CPU] = openat(proc_root, "pressure/cpu", O_RDONLY | O_CLOEXEC);
    host[LOADAVG] = openat(proc_root, "loadavg", O_RDONLY | O_CLOEXEC);
    open_cgroup(&host[CGROUP_USAGE], &host[CGROUP_OOM]);
}

static void read_host(void) {
    char text[4096];
    for (int file = 0; file < HOST_FILES; file++) {
        ssize_t length = host[file] < 0 ? -1 : pread(host[file], text, sizeof text - 1, 0);
        text[length < 0 ? 0 : length] = 0;
        if (file == MEMINFO) {
            append_number(number_after(text, "MemAvailable:"));
            append_number(number_after(text, "SwapTotal:") - number_after(text, "SwapFree:"));
        } else if (file == PRESSURE_MEMORY || file == PRESSURE_CPU) {
            append_number(number_after(text, "total="));
            const char *full = strstr(text, "full");
            append_number(full ? number_after(full, "total=") : 0);
        } else if (file == LOADAVG) {
            append_number((uint64_t)(strtod(text, NULL) * 1000));
        } else if (file == CGROUP_OOM) {
            append_number(number_after(text, "oom_kill "));
        } else {
            append_number(strtoull(text, NULL, 10));
        }
    }
}

static uint64_t microseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

int main(int argc, char **argv) {
    const char *json = NULL, *journal_name = NULL;
    uint64_t interval = 50000, skipped = 0;
    int next = 1;
    for (; next < argc && strcmp(argv[next], "--"); next++) {
        if (!strcmp(argv[next], "--bare")) bare = true;
        else if (!strcmp(argv[next], "--json") && next + 1 < argc) json = argv[++next];
        else if (!strcmp(argv[next], "--journal") && next + 1 < argc) journal_name = argv[++next];
        else if (!strcmp(argv[next], "--interval-ms") && next + 1 < argc) interval = strtoull(argv[++next], NULL, 10) * 1000;
        else break;
    }
    if (next + 1 >= argc || strcmp(argv[next], "--") || !json || !journal_name || !interval) {
        fputs("usage: baseline [--bare] [--interval-ms 50] --json FILE --journal FILE -- COMMAND...\n", stderr);
        return 125;
    }
    char **command = argv + next + 1;
    int journal = open(journal_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (journal < 0) die(journal_name);
    if ((proc_root = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) die("/proc");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    open_host();
    char own[64];
    snprintf(own, sizeof own, "self/task/%d/children", getpid());
    int own_children = openat(proc_root, own, O_RDONLY | O_CLOEXEC);
    if (own_children < 0) die(own);

    uint64_t start = microseconds(CLOCK_MONOTONIC), cpu_before = microseconds(CLOCK_PROCESS_CPUTIME_ID), deadline = start;
    pid_t root = fork();
    if (root < 0) die("fork");
    if (root == 0) {
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    int status = 0;
    for (bool running = true; running;) {
        frame_length = 0;
        tick++;
        append_number(microseconds(CLOCK_MONOTONIC) - start);
        walk_list(own_children);
        if (!bare) {
            read_memory();
            read_host();
            if (write(journal, frame, frame_length) != (ssize_t)frame_length) die("journal");
        } else {
            /* What did not turn up in the walk has ended. */
            for (size_t index = 0; index < live_count;) live[index]->seen_tick == tick ? (void)index++ : forget(index);
        }
        int ended;
        for (pid_t pid; (pid = waitpid(-1, &ended, WNOHANG)) > 0;) {
            if (pid != root) continue;
            status = ended;
            running = false;
        }
        deadline += interval;
        uint64_t now = microseconds(CLOCK_MONOTONIC);
        for (; deadline < now; deadline += interval) skipped++;
        struct timespec until = {.tv_sec = (time_t)(deadline / 1000000), .tv_nsec = (long)(deadline % 1000000 * 1000)};
        while (running && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
    }
    FILE *out = fopen(json, "w");
    if (!out) die(json);
    fprintf(out, "{\"ticks\":%llu,\"skipped_ticks\":%llu,\"processes\":%u,\"cpu_us\":%llu,\"wall_us\":%llu}\n", (unsigned long long)tick,
            (unsigned long long)skipped, seen, (unsigned long long)(microseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before),
            (unsigned long long)(microseconds(CLOCK_MONOTONIC) - start));
    if (fclose(out) != 0) die(json);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
