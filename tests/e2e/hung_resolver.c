/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into httpd: looking up the name hung.test does not end before the
 * process does. exit() lets it go on first, and waits for what it does then.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD_START_US 100000

static int ends[2] = {-1, -1}; /* of a process that looks it up */

int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
    static int (*real)(const char *, const char *, const struct addrinfo *,
                       struct addrinfo **);
    char one;

    if (name == NULL || strcmp(name, "hung.test") != 0) {
        real = dlsym(RTLD_NEXT, "getaddrinfo");
        return real(name, service, hints, found);
    }
    if (pipe(ends) != 0) {
        abort();
    }
    while (read(ends[0], &one, 1) < 0) {
    }
    return EAI_AGAIN;
}

void exit(int status)
{
    void (*real)(int) = dlsym(RTLD_NEXT, "exit");

    if (ends[1] >= 0 && write(ends[1], "", 1) == 1) {
        usleep(HEAD_START_US);
    }
    real(status);
    abort();
}
