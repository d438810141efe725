/* exit_group under a timer whose handler has no SA_RESTART. bench/eintr.mjs runs it.
 *
 *   eintr count|libc|threads COUNT PARALLEL TIMER_US REPORT
 *
 * COUNT children, PARALLEL at a time, each with a timer of TIMER_US microseconds. count: calls exit_group by itself and again whenever it comes back, and
 * counts that. libc: calls _exit, which does not expect to come back. threads: the same with a second thread, which after a second counts its process as one
 * that outlived its exit, and ends it. REPORT gets JSON: exits, returns of exit_group by errno, children that a signal ended, signals handled while exiting;
 * with count a line "PID NANOSECONDS" of CLOCK_MONOTONIC follows for each child: when it first called.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct call {
    int32_t pid;
    uint64_t at_ns;
};
static struct shared {
    atomic_ulong interrupted, other_errno, affected, handled, outlived;
} *shared;
static struct call *calls;
static volatile sig_atomic_t exiting;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void handler(int signal) {
    (void)signal;
    if (exiting) shared->handled++;
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void *linger(void *nothing) {
    sleep(1);
    shared->outlived++;
    for (;;) syscall(SYS_exit_group, 0);
    return nothing;
}

/* The signal is the first thread's. */
static void start_thread(void) {
    sigset_t alarm;
    pthread_t thread;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm, NULL);
    if (pthread_create(&thread, NULL, linger, NULL)) die("pthread_create");
    sigprocmask(SIG_UNBLOCK, &alarm, NULL);
}

_Noreturn static void child(int libc, int threads, long timer_us, struct call *call) {
    if (threads) start_thread();
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGALRM, &action, NULL);
    /* The first expiry is spread over the period, else it always comes at the same instruction. */
    struct itimerval timer = {.it_interval = {0, timer_us}, .it_value = {0, 1 + (getpid() * 7919L) % timer_us}};
    if (setitimer(ITIMER_REAL, &timer, NULL)) die("setitimer");
    *call = (struct call){getpid(), now_ns()};
    exiting = 1;
    if (libc) _exit(0);
    for (int back = 0;; back++) {
        syscall(SYS_exit_group, 0);
        if (errno == EINTR) shared->interrupted++;
        else shared->other_errno++;
        if (!back) shared->affected++;
    }
}

int main(int argc, char **argv) {
    int threads = argc == 6 && !strcmp(argv[1], "threads"), libc = threads || (argc == 6 && !strcmp(argv[1], "libc"));
    long count = argc == 6 ? atol(argv[2]) : 0, parallel = count ? atol(argv[3]) : 0, timer_us = parallel ? atol(argv[4]) : 0;
    if (timer_us <= 0 || timer_us >= 1000000 || (!libc && strcmp(argv[1], "count")))
        return fputs("usage: eintr count|libc|threads COUNT PARALLEL TIMER_US REPORT\n", stderr), 1;
    FILE *report = fopen(argv[5], "we");
    if (!report) die(argv[5]);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    calls = mmap(NULL, (size_t)count * sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || calls == MAP_FAILED) die("mmap");
    unsigned long killed = 0, segv = 0;
    for (long started = 0, running = 0; started < count || running;) {
        if (started < count && running < parallel) {
            pid_t pid = fork();
            if (pid < 0) die("fork");
            if (!pid) child(libc, threads, timer_us, &calls[started]);
            started++;
            running++;
            continue;
        }
        int status;
        if (wait(&status) < 0) die("wait");
        running--;
        killed += WIFSIGNALED(status);
        segv += WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
    }
    fprintf(report, "{\"exits\":%ld,\"interrupted\":%lu,\"other_errno\":%lu,\"affected\":%lu,\"handled\":%lu,\"killed\":%lu,\"segv\":%lu,\"outlived\":%lu}\n", count,
            shared->interrupted, shared->other_errno, shared->affected, shared->handled, killed, segv, shared->outlived);
    if (!libc)
        for (long index = 0; index < count; index++) fprintf(report, "%d %llu\n", calls[index].pid, (unsigned long long)calls[index].at_ns);
    return fclose(report) != 0;
}
