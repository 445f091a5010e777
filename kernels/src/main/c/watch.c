/*
 * Watches mapped files. A handler of SIGBUS looks the address up among the watched mappings; nodes are
 * added to a list and never removed, so that it can walk the list at any moment. All other bus errors go
 * to the handler that was there before, the JVM's.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* As in dispatch.c: the symbols that the library exports. */
#pragma GCC visibility push(default)
#include <longhand_cpu.h>
#pragma GCC visibility pop

struct lh_watch {
    struct lh_watch *next;
    _Atomic uintptr_t begin;
    _Atomic uintptr_t end; /* whole pages; 0 after the end of the watch */
    _Atomic int32_t changed;
    int descriptor;
    struct stat opened;
};

static _Atomic(lh_watch *) watches;
static struct sigaction previous;
static pthread_mutex_t installing = PTHREAD_MUTEX_INITIALIZER;
static int installed; /* 1 or, if the system refused, -1 */

/* Replaces the whole mapping around an address by zeros; 0 if none is there. Async-signal-safe. */
static int replace_mapping(uintptr_t address) {
    for (lh_watch *watch = atomic_load(&watches); watch != NULL; watch = watch->next) {
        uintptr_t begin = atomic_load(&watch->begin);
        uintptr_t end = atomic_load(&watch->end);
        if (begin <= address && address < end) {
            atomic_store(&watch->changed, 1);
            return mmap((void *)begin, end - begin, PROT_READ,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0)
                != MAP_FAILED;
        }
    }
    return 0;
}

static void on_bus_error(int signal, siginfo_t *info, void *context) {
    int error = errno;
    if (info->si_code > 0 && replace_mapping((uintptr_t)info->si_addr)) {
        errno = error; /* the instruction runs again and reads zeros */
        return;
    }
    errno = error;
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
        sigaction(signal, &previous, NULL); /* the instruction runs again and ends the process */
        if (info->si_code <= 0) {
            raise(signal);
        }
    } else {
        previous.sa_handler(signal);
    }
}

static int install(void) {
    pthread_mutex_lock(&installing);
    if (installed == 0 && sigaction(SIGBUS, NULL, &previous) == 0) {
        struct sigaction action = {0};
        action.sa_sigaction = on_bus_error;
        action.sa_mask = previous.sa_mask;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
        installed = sigaction(SIGBUS, &action, NULL) == 0 ? 1 : -1;
    }
    int done = installed == 1;
    pthread_mutex_unlock(&installing);
    return done;
}

int32_t lh_watch_begin(const char *path, const void *mapping, int64_t bytes, lh_watch **out) {
    lh_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL) {
        return LH_OUT_OF_MEMORY;
    }
    watch->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (watch->descriptor < 0 || fstat(watch->descriptor, &watch->opened) != 0 || !install()) {
        if (watch->descriptor >= 0) {
            close(watch->descriptor);
        }
        free(watch);
        return LH_NOT_WATCHED;
    }
    watch->changed = watch->opened.st_size != bytes;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    watch->begin = (uintptr_t)mapping;
    watch->end = ((uintptr_t)mapping + (uintptr_t)bytes + page - 1) / page * page;
    watch->next = atomic_load(&watches);
    while (!atomic_compare_exchange_weak(&watches, &watch->next, watch)) {
    }
    *out = watch;
    return LH_OK;
}

int32_t lh_watch_check(lh_watch *watch) {
    if (atomic_load(&watch->end) == 0) {
        return LH_OK;
    }
    struct stat now;
    if (!atomic_load(&watch->changed)
        && (fstat(watch->descriptor, &now) != 0 || now.st_size != watch->opened.st_size
            || now.st_mtim.tv_sec != watch->opened.st_mtim.tv_sec
            || now.st_mtim.tv_nsec != watch->opened.st_mtim.tv_nsec)) {
        atomic_store(&watch->changed, 1);
    }
    return atomic_load(&watch->changed) ? LH_FILE_CHANGED : LH_OK;
}

void lh_watch_end(lh_watch *watch) {
    atomic_store(&watch->end, 0);
    close(watch->descriptor);
}
