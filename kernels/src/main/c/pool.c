/*
 * Tasks are claimed one by one from a shared counter, so that a core that the system takes away for a
 * while delays the others by one task at most. A claim is a compare-and-swap on (epoch, index) in one
 * word: a worker that wakes late finds another epoch and claims nothing, so a loop never waits for
 * workers that did not come in time.
 *
 * A worker without work spins for SPINS pauses (some tens of microseconds: the gaps between the ops
 * of a step are shorter), then sleeps on a condition variable; an idle engine uses no processor time.
 * A thread that waits for other threads' tasks yields after spinning: with a busy neighbour on a core,
 * engines that spin at barriers were seen to slow down 9 to 30 times.
 */
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#define SPINS 2000

struct lh_pool {
    _Atomic uint64_t claim; /* epoch in the upper half, next task in the lower */
    _Atomic int64_t done;
    _Atomic(lh_task) task;
    _Atomic(void *) argument;
    _Atomic int64_t count;
    _Atomic int32_t sleepers;
    _Atomic int32_t stopping;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    int32_t workers;
    struct worker {
        lh_pool *pool;
        pthread_t thread;
        int32_t number;
    } worker[];
};

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static uint32_t epoch_of(uint64_t claim) { return (uint32_t)(claim >> 32); }

/* Claims and runs tasks of one epoch until none is left. */
static void work(lh_pool *pool, uint32_t epoch, int32_t thread) {
    lh_task task = atomic_load(&pool->task);
    void *argument = atomic_load(&pool->argument);
    int64_t count = atomic_load(&pool->count);
    uint64_t claim = atomic_load(&pool->claim);
    while (epoch_of(claim) == epoch && (int64_t)(uint32_t)claim < count) {
        if (atomic_compare_exchange_weak(&pool->claim, &claim, claim + 1)) {
            task(argument, (int64_t)(uint32_t)claim, thread);
            atomic_fetch_add(&pool->done, 1);
            claim = atomic_load(&pool->claim);
        }
    }
}

static uint32_t await_epoch(lh_pool *pool, uint32_t seen) {
    for (int spin = 0; spin < SPINS; spin++) {
        uint32_t epoch = epoch_of(atomic_load(&pool->claim));
        if (epoch != seen || atomic_load(&pool->stopping)) {
            return epoch;
        }
        pause_briefly();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->sleepers, 1);
    while (epoch_of(atomic_load(&pool->claim)) == seen && !atomic_load(&pool->stopping)) {
        pthread_cond_wait(&pool->wake, &pool->mutex);
    }
    atomic_fetch_sub(&pool->sleepers, 1);
    pthread_mutex_unlock(&pool->mutex);
    return epoch_of(atomic_load(&pool->claim));
}

static void *run_worker(void *argument) {
    struct worker *self = argument;
#if defined(__linux__)
    prctl(PR_SET_NAME, "longhand-cpu"); /* for debuggers and for counting leaks */
#endif
    uint32_t epoch = 0;
    while (!atomic_load(&self->pool->stopping)) {
        epoch = await_epoch(self->pool, epoch);
        work(self->pool, epoch, self->number);
    }
    return NULL;
}

static void wake_sleepers(lh_pool *pool) {
    if (atomic_load(&pool->sleepers) > 0) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
}

lh_pool *lh_pool_create(int32_t threads) {
    int32_t workers = threads - 1;
    lh_pool *pool = calloc(1, sizeof *pool + (size_t)workers * sizeof pool->worker[0]);
    if (pool == NULL) {
        return NULL;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (int32_t i = 0; i < workers; i++) {
        struct worker *worker = &pool->worker[i];
        worker->pool = pool;
        worker->number = i + 1;
        if (pthread_create(&worker->thread, NULL, run_worker, worker) != 0) {
            lh_pool_destroy(pool);
            return NULL;
        }
        pool->workers++;
    }
    return pool;
}

void lh_pool_destroy(lh_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->stopping, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (int32_t i = 0; i < pool->workers; i++) {
        pthread_join(pool->worker[i].thread, NULL);
    }
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

void lh_await(_Atomic int64_t *counter, int64_t count) {
    for (int spin = 0; atomic_load_explicit(counter, memory_order_acquire) < count; spin++) {
        if (spin < SPINS) {
            pause_briefly();
        } else {
            sched_yield();
        }
    }
}

void lh_pool_run(lh_pool *pool, lh_task task, void *argument, int64_t count) {
    if (pool->workers == 0 || count <= 1) {
        for (int64_t i = 0; i < count; i++) {
            task(argument, i, 0);
        }
        return;
    }
    uint32_t epoch = epoch_of(atomic_load(&pool->claim)) + 1;
    /* A late worker of the last epoch may read these as they change; its claim then fails. */
    atomic_store(&pool->count, 0);
    atomic_store(&pool->claim, (uint64_t)epoch << 32 | UINT32_MAX);
    atomic_store(&pool->done, 0);
    atomic_store(&pool->task, task);
    atomic_store(&pool->argument, argument);
    atomic_store(&pool->count, count);
    epoch++;
    atomic_store(&pool->claim, (uint64_t)epoch << 32);
    wake_sleepers(pool);
    work(pool, epoch, 0);
    lh_await(&pool->done, count);
}
