/*
 * A CUDA driver without a device: memory is the host's, work is done as it is queued, and the one kernel
 * writes down how it was launched. For tests of the way from Java to a driver.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALLOCATION_BYTES_MAX (1L << 33)

typedef struct {
    uint32_t grid[3], block[3], shared;
    void *stream;
    struct {
        int id;
        char pad[4];
        int value;
        char rest[60];
    } *attributes;
    uint32_t attribute_count;
} launch_config;

static __thread void *current;
static int live, failing_status, shared_max;

static int make(void **out) {
    live++;
    *out = malloc(64);
    return 0;
}

static int destroy(void *thing) {
    live--;
    free(thing);
    return 0;
}

int stub_live(void) { return live; }
void stub_fail_synchronize(int status) { failing_status = status; }

int cuInit(unsigned flags) { return 0; }
int cuDriverGetVersion(int *version) { return *version = 12060, 0; }
int cuDeviceGetCount(int *count) { return *count = 1, 0; }
int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, 0; }
int cuDeviceGetName(char *name, int bytes, int device) { return snprintf(name, bytes, "Stub"), 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { return *bytes = ALLOCATION_BYTES_MAX, 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    return *value = attribute == 75 ? 9 : 0, 0; /* compute capability 9.0 */
}
int cuCtxCreate_v2(void **context, unsigned flags, int device) {
    make(context);
    current = *context;
    return 0;
}
int cuCtxDestroy_v2(void *context) { return destroy(context); }
int cuCtxSetCurrent(void *context) { return current = context, 0; }

int cuMemGetInfo_v2(size_t *free_bytes, size_t *all) {
    *free_bytes = 1000;
    *all = 2000;
    return current ? 0 : 201;
}
int cuMemAlloc_v2(void **out, size_t bytes) {
    if (bytes > ALLOCATION_BYTES_MAX) return 2;
    live++;
    *out = malloc(bytes);
    return 0;
}
int cuMemFree_v2(void *memory) { return destroy(memory); }
int cuMemHostAlloc(void **out, size_t bytes, unsigned flags) { return cuMemAlloc_v2(out, bytes); }
int cuMemFreeHost(void *memory) { return destroy(memory); }

static int copy(void *to, const void *from, size_t bytes) { return memmove(to, from, bytes), 0; }
int cuMemcpyHtoDAsync_v2(void *to, const void *from, size_t n, void *stream) { return copy(to, from, n); }
int cuMemcpyDtoHAsync_v2(void *to, const void *from, size_t n, void *stream) { return copy(to, from, n); }
int cuMemcpyDtoDAsync_v2(void *to, const void *from, size_t n, void *stream) { return copy(to, from, n); }
int cuMemsetD8Async(void *to, unsigned char value, size_t n, void *stream) { return memset(to, value, n), 0; }

int cuModuleLoadDataEx(void **module, const char *image, unsigned count, int *options, void **values) {
    if (strstr(image, ".version") == image) return make(module);
    if (count == 2 && options[0] == 5 && options[1] == 6) {
        snprintf(values[0], (size_t)values[1], "line 1: syntax error");
    }
    return 218;
}
int cuModuleUnload(void *module) { return destroy(module); }
int cuModuleGetFunction(void **function, void *module, const char *name) {
    *function = &shared_max;
    return strcmp(name, "kernel") ? 500 : 0;
}
int cuFuncSetAttribute(void *function, int attribute, int value) {
    if (function != &shared_max || attribute != 8) return 1;
    shared_max = value;
    return 0;
}

/* kernel(int *out): out = grid, block, shared bytes, their maximum, attributes, the first's id and value */
int cuLaunchKernelEx(const launch_config *config, void *function, void **parameters, void **extra) {
    if (!current || function != &shared_max || extra || config->grid[0] == 0) return 1;
    int *out = *(int **)parameters[0];
    memcpy(out, config->grid, 7 * sizeof(int));
    out[7] = shared_max;
    out[8] = (int)config->attribute_count;
    out[9] = config->attribute_count ? config->attributes[0].id : 0;
    out[10] = config->attribute_count ? config->attributes[0].value : 0;
    return config->stream ? 0 : 400;
}

int cuStreamCreate(void **stream, unsigned flags) { return flags == 1 ? make(stream) : 1; }
int cuStreamDestroy_v2(void *stream) { return destroy(stream); }
int cuStreamSynchronize(void *stream) { return failing_status; }
int cuStreamWaitEvent(void *stream, void *event, unsigned flags) { return 0; }
int cuStreamBeginCapture_v2(void *stream, int mode) { return mode == 1 ? 0 : 1; }
int cuStreamEndCapture(void *stream, void **graph) { return make(graph); }
int cuGraphInstantiateWithFlags(void **exec, void *graph, unsigned long flags) { return make(exec); }
int cuGraphDestroy(void *graph) { return destroy(graph); }
int cuGraphExecDestroy(void *exec) { return destroy(exec); }
int cuGraphLaunch(void *exec, void *stream) { return exec && stream ? 0 : 400; }
int cuEventCreate(void **event, unsigned flags) { return make(event); }
int cuEventRecord(void *event, void *stream) { return event ? 0 : 400; }
int cuEventDestroy_v2(void *event) { return destroy(event); }
int cuEventElapsedTime(float *millis, void *from, void *to) { return *millis = 1.5f, 0; }
