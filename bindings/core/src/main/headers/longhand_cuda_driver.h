/*
 * The calls of the CUDA driver API that queue work: every decode step makes them, so they go through
 * bindings that allocate nothing, and JCuda 12.6 lacks the first; and pinned memory, which JCuda wraps
 * into byte buffers and so ends at 2 GiB. Declared here rather than read from
 * cuda.h, which a building machine need not have; names, layouts and symbols are the driver's (CUDA 12.0
 * and later).
 *
 * Conventions
 *   - Handles (CUfunction, CUstream, CUevent, CUgraphExec, CUcontext: pointers in cuda.h) and device
 *     addresses are uint64_t: in the calling conventions of 64-bit Linux a pointer and a uint64_t are one.
 *   - Every function returns a CUresult, 0 = CUDA_SUCCESS.
 */
#ifndef LONGHAND_CUDA_DRIVER_H
#define LONGHAND_CUDA_DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef enum CUlaunchAttributeID {
    /* The kernel may start before the one in front of it has ended; compute capability 9.0 and later. */
    CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION = 6
} CUlaunchAttributeID;

typedef struct CUlaunchAttribute {
    uint32_t id; /* CUlaunchAttributeID */
    char pad[4];
    int32_t value; /* of the only attribute here; a union of 64 bytes in cuda.h */
    char value_rest[60];
} CUlaunchAttribute;

typedef struct CUlaunchConfig {
    uint32_t gridDimX;
    uint32_t gridDimY;
    uint32_t gridDimZ;
    uint32_t blockDimX;
    uint32_t blockDimY;
    uint32_t blockDimZ;
    uint32_t sharedMemBytes; /* dynamic */
    uint64_t hStream;
    CUlaunchAttribute *attrs;
    uint32_t numAttrs;
} CUlaunchConfig;

/* parameters: one pointer per kernel parameter; extra: null. */
int32_t cuLaunchKernelEx(const CUlaunchConfig *config, uint64_t function, void **parameters, void **extra);
int32_t cuGraphLaunch(uint64_t graph_exec, uint64_t stream);

/* The host memory must stay alive until the stream has passed the copy. */
int32_t cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, uint64_t stream);
int32_t cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, uint64_t stream);
int32_t cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, uint64_t stream);
int32_t cuMemsetD8Async(uint64_t address, unsigned char value, size_t bytes, uint64_t stream);

int32_t cuEventRecord(uint64_t event, uint64_t stream);
int32_t cuStreamWaitEvent(uint64_t stream, uint64_t event, uint32_t flags);
int32_t cuStreamSynchronize(uint64_t stream);

/* Pinned memory; flags: 0. */
int32_t cuMemHostAlloc(void **out, size_t bytes, uint32_t flags);
int32_t cuMemFreeHost(void *memory);

/* Makes a context the calling thread's. */
int32_t cuCtxSetCurrent(uint64_t context);

#endif
