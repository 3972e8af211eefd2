/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "wiped.h"

#define PRINTED_MAX 65536 /* bytes */
#define NAP_MS 5

extern char **environ;

/* A program that runs, what it prints, and a timer that can be read when its
 * time is over: one deadline for all waits, without asking for the time. */
typedef struct running_t {
    pid_t pid;
    int out;
    int timer;
} running_t;

static int timer_start(apr_interval_time_t patience)
{
    struct itimerspec when = {
        {0, 0},
        {(time_t)apr_time_sec(patience), (long)apr_time_usec(patience) * 1000}};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

    if (timer >= 0) {
        timerfd_settime(timer, 0, &when, NULL);
    }
    return timer;
}

/* In a process group of its own, so that all of it can be killed, with the
 * signals as a program expects to find them. */
static int spawn_with(pid_t *pid, int out, char *const argv[],
                      posix_spawn_file_actions_t *files,
                      posix_spawnattr_t *attributes)
{
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null",
                                         O_RDONLY, 0) != 0 ||
        posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO) != 0 ||
        posix_spawnattr_setpgroup(attributes, 0) != 0 ||
        posix_spawnattr_setsigmask(attributes, &none) != 0 ||
        posix_spawnattr_setsigdefault(attributes, &all) != 0 ||
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP |
                                                 POSIX_SPAWN_SETSIGMASK |
                                                 POSIX_SPAWN_SETSIGDEF) != 0) {
        return ENOMEM;
    }
    return posix_spawn(pid, argv[0], files, attributes, argv, environ);
}

static int spawn(pid_t *pid, int out, char *const argv[])
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int error;

    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    error = spawn_with(pid, out, argv, &files, &attributes);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* What it prints next: as read(), -2 when its time is over. */
static ssize_t hear(const running_t *running, unsigned char *data,
                    apr_size_t room)
{
    struct pollfd ends[2] = {{running->out, POLLIN, 0},
                             {running->timer, POLLIN, 0}};

    if (poll(ends, 2, -1) < 0) {
        return -1;
    }
    return ends[1].revents != 0 ? -2 : read(running->out, data, room);
}

/* All that it prints, until it closes its output or the deadline. */
static const char *listen_to(ajr_bytes_t *out, const running_t *running,
                             apr_pool_t *pool)
{
    unsigned char *data = ajr_wiped_alloc(PRINTED_MAX + 1, pool);

    out->data = data;
    out->len = 0;
    while (out->len <= PRINTED_MAX) {
        ssize_t got =
            hear(running, data + out->len, PRINTED_MAX + 1 - out->len);

        if (got == 0) {
            return NULL;
        }
        if (got == -2) {
            return "did not end in time";
        }
        if (got < 0 && errno != EINTR) {
            return "cannot be read from";
        }
        out->len += got > 0 ? (apr_size_t)got : 0;
    }
    return "printed more than 64 KiB";
}

static const char *exit_judge(int status, apr_pool_t *pool)
{
    if (WIFSIGNALED(status)) {
        return apr_psprintf(pool, "was ended by signal %d", WTERMSIG(status));
    }
    return WEXITSTATUS(status) == 0
               ? NULL
               : apr_psprintf(pool,
                              "ended with status %d; its standard error says "
                              "why",
                              WEXITSTATUS(status));
}

/* How it ended. Who closed its output may still be running. */
static const char *await(const running_t *running, apr_pool_t *pool)
{
    struct pollfd timer = {running->timer, POLLIN, 0};
    int status = 0;
    pid_t ended = waitpid(running->pid, &status, WNOHANG);

    while (ended == 0 && poll(&timer, 1, NAP_MS) <= 0) {
        ended = waitpid(running->pid, &status, WNOHANG);
    }
    if (ended == 0) {
        return "did not end in time";
    }
    return ended < 0 ? "was taken from us by somebody who waits for every "
                       "process"
                     : exit_judge(status, pool);
}

/* Whatever it left behind in its group goes with it. */
static const char *follow(ajr_bytes_t *out, const running_t *running,
                          apr_pool_t *pool)
{
    const char *why = listen_to(out, running, pool);

    if (why == NULL) {
        why = await(running, pool);
    }
    kill(-running->pid, SIGKILL);
    if (why != NULL) {
        waitpid(running->pid, NULL, 0);
    }
    return why;
}

static const char *start(ajr_bytes_t *out, char *const argv[], int timer,
                         apr_pool_t *pool)
{
    running_t running = {0, -1, timer};
    const char *why;
    int ends[2], error;

    if (timer < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        return "cannot be started: no descriptors";
    }
    running.out = ends[0];
    error = spawn(&running.pid, ends[1], argv);
    close(ends[1]);
    why = error != 0
              ? apr_psprintf(pool,
                             "cannot be started (%s); check its path and that "
                             "it may be executed",
                             strerror(error))
              : follow(out, &running, pool);
    close(ends[0]);
    return why;
}

const char *ajr_program_run(ajr_bytes_t *out, const char *command,
                            apr_interval_time_t patience, apr_pool_t *pool)
{
    char **argv = NULL;
    const char *why;
    int timer;

    if (apr_tokenize_to_argv(command, &argv, pool) != APR_SUCCESS ||
        argv[0] == NULL || argv[0][0] != '/') {
        return "lacks the absolute path of a program; write "
               "\"exec:/path/to/program arguments\"";
    }
    timer = timer_start(patience);
    why = start(out, argv, timer, pool);
    if (timer >= 0) {
        close(timer);
    }
    return why;
}
