/* Control surface of the PTX device beside the CUDA driver API; see src/main/cpp. */
#ifndef PTX_DEVICE_H
#define PTX_DEVICE_H

#include <stdint.h>

#define PTX_DEVICE_ABI 2

/* PTX_DEVICE_ABI as the device was compiled. */
int32_t ptx_device_abi(void);

/* The order of streams, blocks and warps: 0 ascending, 1 descending, else shuffled. */
void ptx_device_seed(uint64_t seed);

/*
 * All findings as text, one per line, cut to the capacity and NUL-terminated; returns the bytes that the
 * whole needs without the final NUL.
 */
int64_t ptx_device_findings(char *text, int64_t capacity);

/* A JSON array with one object per kernel name; cut and counted as above. */
int64_t ptx_device_counters(char *text, int64_t capacity);

/* Forgets findings and counters, those of copies too. */
void ptx_device_clear(void);

/*
 * what: 1 allocation, 2 launch, 3 module load, 4 device lost: the call number `after` from now (1 = the
 * next) fails once (4: and every later one). 0: none fails.
 */
void ptx_device_fail(int32_t what, int64_t after);

/* Device allocations + streams + events + graphs + modules alive. */
int64_t ptx_device_live(void);

/* Bytes that copies from and to the host have moved. */
int64_t ptx_device_bytes_to_device(void);
int64_t ptx_device_bytes_to_host(void);

#endif
