/* Worker threads that share the tasks of one parallel loop at a time. */
#ifndef LH_POOL_H
#define LH_POOL_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct lh_pool lh_pool;

/* One task: `argument` is the loop's, `index` counts tasks, `thread` is 0..threads-1. */
typedef void (*lh_task)(void *argument, int64_t index, int32_t thread);

/* Starts threads - 1 workers, as the caller is thread 0; null, with everything freed, if one cannot be
 * started. */
lh_pool *lh_pool_create(int32_t threads);
void lh_pool_destroy(lh_pool *pool);

/* Runs task 0..count-1 on all threads, begun in ascending order; returns when all are done. */
void lh_pool_run(lh_pool *pool, lh_task task, void *argument, int64_t count);

/* Waits until other threads have raised `counter` to `count`. */
void lh_await(_Atomic int64_t *counter, int64_t count);

#endif
