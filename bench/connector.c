/* Every process of a build, told by the kernel's process connector: what a recording is held against. bench/coverage.mjs and bench/eintr.mjs run it inside
 * the recorded build.
 *
 *   connector LIST -- COMMAND...
 *
 * LIST gets "PID STATUS" for each process below COMMAND that ended while COMMAND ran, STATUS as wait() gives it, and at the end "lost N": messages that did
 * not fit into the socket's buffer. Ends with COMMAND's status; with 124 and one line where the kernel refuses (needs Linux 6.6 or root).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIDS = 1 << 22 };

static uint8_t ours[PIDS / 8];
static unsigned long lost;
static FILE *list;

static int is_ours(uint32_t pid) { return pid < PIDS && ours[pid / 8] >> pid % 8 & 1; }

static void set(uint32_t pid, int value) {
    if (pid >= PIDS) return;
    ours[pid / 8] = (uint8_t)((ours[pid / 8] & ~(1 << pid % 8)) | value << pid % 8);
}

static int tell(int socket, enum proc_cn_mcast_op operation) {
    struct { struct nlmsghdr netlink; struct cn_msg connector; enum proc_cn_mcast_op operation; } __attribute__((packed, aligned(4))) message = {
        .netlink = {.nlmsg_len = sizeof message, .nlmsg_type = NLMSG_DONE, .nlmsg_pid = (uint32_t)getpid()},
        .connector = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = sizeof operation},
        .operation = operation,
    };
    return send(socket, &message, sizeof message, 0) == sizeof message ? 0 : -1;
}

static void handle(const struct proc_event *event) {
    if (event->what == PROC_EVENT_FORK) {
        /* A thread is a task whose tgid is another's. */
        if (event->event_data.fork.child_pid == event->event_data.fork.child_tgid && is_ours((uint32_t)event->event_data.fork.parent_tgid))
            set((uint32_t)event->event_data.fork.child_pid, 1);
    } else if (event->what == PROC_EVENT_EXIT && event->event_data.exit.process_pid == event->event_data.exit.process_tgid) {
        uint32_t pid = (uint32_t)event->event_data.exit.process_pid;
        if (!is_ours(pid)) return;
        fprintf(list, "%u %u\n", pid, event->event_data.exit.exit_code);
        set(pid, 0);
    }
}

/* Returns what arrived, 0 for nothing within the socket's time limit. */
static ssize_t drain(int socket, int flags) {
    static char buffer[1 << 16] __attribute__((aligned(8)));
    ssize_t length = recv(socket, buffer, sizeof buffer, flags);
    if (length < 0) {
        lost += errno == ENOBUFS;
        return errno == ENOBUFS;
    }
    unsigned left = (unsigned)length;
    for (struct nlmsghdr *header = (void *)buffer; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left))
        if (header->nlmsg_type == NLMSG_DONE) handle((struct proc_event *)((struct cn_msg *)NLMSG_DATA(header))->data);
    return length;
}

int main(int argc, char **argv) {
    if (argc < 4 || strcmp(argv[2], "--")) return fputs("usage: connector LIST -- COMMAND...\n", stderr), 125;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
    int connector = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_CONNECTOR), room = 32 << 20, started[2], status = 0;
    list = fopen(argv[1], "we");
    if (!list || connector < 0 || bind(connector, (struct sockaddr *)&address, sizeof address) || tell(connector, PROC_CN_MCAST_LISTEN))
        return perror("connector: the process connector cannot be used"), 124;
    if (setsockopt(connector, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room)) setsockopt(connector, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    struct timeval limit = {0, 20000};
    setsockopt(connector, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (pipe2(started, O_CLOEXEC)) return perror("pipe"), 125;
    pid_t root = fork();
    if (!root) {
        char go;
        if (read(started[0], &go, 1) == 1) execvp(argv[3], argv + 3);
        perror(argv[3]);
        _exit(127);
    }
    set((uint32_t)root, 1);
    if (root < 0 || write(started[1], "", 1) != 1) return perror("fork"), 125;
    while (waitpid(root, &status, WNOHANG) == 0) drain(connector, 0);
    while (drain(connector, MSG_DONTWAIT) > 0) {}
    tell(connector, PROC_CN_MCAST_IGNORE);
    fprintf(list, "lost %lu\n", lost);
    if (fclose(list)) return perror(argv[1]), 125;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
