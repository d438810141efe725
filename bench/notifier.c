/* The least that exit notifications can cost, and what a build costs without them. bench/coverage.mjs, bench/overhead.mjs and bench/wall.mjs run it.
 *
 *   notifier bare|answer|clock|files JSON -- COMMAND...
 *
 * bare runs COMMAND; answer runs it under a filter that notifies exit_group and answers each with CONTINUE; clock reads the process's CPU clock before
 * that; files its status, stat and cmdline, too, and looks at nothing in them: the floor of an exit record. Filter, scheduling and order of work are those of mymonitor's launcher. JSON gets the wall time, the CPU time of all descendants that were
 * waited for, our own, the exits and the sum of the clocks, and when COMMAND was started (microseconds of Unix time). Ends with COMMAND's status.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, uint64_t)
#endif
#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#endif

static uint64_t exits, attributed_ns, unread;

static void die(const char *what) {
    perror(what);
    exit(125);
}

static uint64_t now_ns(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now)) return 0;
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t cpu_us(int who) {
    struct rusage use;
    getrusage(who, &use);
    return (uint64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 + (uint64_t)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
}

static int install(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, 2),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    int listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (listener >= 0 || errno != EACCES) return listener;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* One descriptor over a socket: sent where `file` is one, else received. */
static int pass(int socket, int file) {
    char byte = 0;
    union { char room[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = {{0}};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    struct cmsghdr *header = &control.align;
    if (file < 0) {
        if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || header->cmsg_type != SCM_RIGHTS) return -1;
        memcpy(&file, CMSG_DATA(header), sizeof file);
        return file;
    }
    *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof file), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(header), &file, sizeof file);
    return sendmsg(socket, &message, 0) == 1 ? 0 : -1;
}

static void read_clock(uint32_t task) {
    /* exit_group may be called by any thread; only the process's own id names its clock (CPUCLOCK_SCHED of a pid, linux/posix-timers.h). */
    char path[64], text[4096];
    uint64_t clock = now_ns((clockid_t)(~task << 3 | 2));
    if (!clock) {
        snprintf(path, sizeof path, "/proc/%u/status", task);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
        if (file >= 0) close(file);
        text[length > 0 ? length : 0] = 0;
        char *tgid = strstr(text, "\nTgid:");
        clock = tgid ? now_ns((clockid_t)(~(uint32_t)strtoul(tgid + 6, NULL, 10) << 3 | 2)) : 0;
    }
    attributed_ns += clock;
    unread += !clock;
}

static void read_files(uint32_t task) {
    static char text[64 * 1024];
    char path[64];
    const char *names[] = {"status", "stat", "cmdline"};
    for (int name = 0; name < 3; name++) {
        snprintf(path, sizeof path, "/proc/%u/%s", task, names[name]);
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) continue;
        while (read(file, text, sizeof text) > 0) {}
        close(file);
    }
}

static void serve(int listener, int with_clock, int with_files) {
    struct sched_param priority = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_FIFO, &priority); /* As the launcher: a help only. */
    mlockall(MCL_CURRENT | MCL_ONFAULT);
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, (uint64_t)1);
    for (;;) {
        struct pollfd waiting = {.fd = listener, .events = POLLIN};
        if (poll(&waiting, 1, -1) < 0) continue;
        if (!(waiting.revents & POLLIN)) return;
        struct seccomp_notif notification = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification)) continue;
        exits++;
        if (with_clock) read_clock(notification.pid);
        if (with_files) read_files(notification.pid);
        struct seccomp_notif_resp answer = {.id = notification.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
}

int main(int argc, char **argv) {
    int with_files = argc > 1 && !strcmp(argv[1], "files"), with_clock = with_files || (argc > 1 && !strcmp(argv[1], "clock"));
    if (argc < 5 || strcmp(argv[3], "--") || (strcmp(argv[1], "bare") && strcmp(argv[1], "answer") && !with_clock))
        return fputs("usage: notifier bare|answer|clock|files JSON -- COMMAND...\n", stderr), 125;
    int filtered = strcmp(argv[1], "bare") != 0, sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets)) die("socketpair");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    uint64_t start = now_ns(CLOCK_MONOTONIC), started_us = now_ns(CLOCK_REALTIME) / 1000;
    pid_t root = fork();
    if (root < 0) die("fork");
    if (!root) {
        if (filtered) {
            int listener = install();
            if (listener < 0) die("seccomp");
            if (pass(sockets[1], listener)) die("the listener");
            close(listener);
        }
        execvp(argv[4], argv + 4);
        perror(argv[4]);
        _exit(127);
    }
    close(sockets[1]);
    int status = 0, ended;
    if (filtered) {
        int listener = pass(sockets[0], -1);
        if (listener < 0) return fputs("notifier: no listener: the kernel or a container refuses it\n", stderr), 125;
        serve(listener, with_clock, with_files);
    }
    uint64_t wall = 0;
    for (pid_t pid; (pid = wait(&ended)) > 0;) {
        if (pid != root) continue;
        status = ended;
        wall = now_ns(CLOCK_MONOTONIC) - start;
    }
    FILE *json = fopen(argv[2], "w");
    if (!json) die(argv[2]);
    fprintf(json, "{\"started_at_unix_us\":%llu,\"wall_us\":%llu,\"build_cpu_us\":%llu,\"own_cpu_us\":%llu,\"exits\":%llu,\"attributed_cpu_us\":%llu,\"unread\":%llu}\n",
            (unsigned long long)started_us, (unsigned long long)wall / 1000, (unsigned long long)cpu_us(RUSAGE_CHILDREN), (unsigned long long)cpu_us(RUSAGE_SELF),
            (unsigned long long)exits, (unsigned long long)attributed_ns / 1000, (unsigned long long)unread);
    if (fclose(json)) die(argv[2]);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
