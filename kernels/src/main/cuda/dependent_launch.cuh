/*
 * Programmatic dependent launch, from compute capability 9.0 on: a kernel starts while its predecessor on
 * the stream still runs, so that its launch, its index arithmetic and its first weights are out of the
 * way when the predecessor ends. A step is a chain of short kernels, each of which would otherwise begin
 * on an empty GPU: 2 to 4 us apart against 5 to 30 us of work.
 *
 * The rules, which make it right:
 *   - Until await_earlier_kernels() a kernel touches no memory but its parameters. It may prefetch into L2:
 *     that is where all SMs and copies meet, so nothing stale can be left there by concurrent writes.
 *   - Writes wait as reads do: an earlier kernel may still read what is about to be written.
 *   - Every thread of every kernel launched in this way waits, even one that has nothing to do. The wait ends
 *     when the predecessor has ended and its writes are visible; the predecessor ended after waiting for its
 *     own, and so on: the end of one means the end of all before it only because every kernel waits. One
 *     that did not wait could end before its predecessor and let its successor run into it.
 *   - Kernels without the wait, those of the wide products, and copies are queued as usual and are ordered
 *     with everything. So is the first kernel of a graph, or one after a copy.
 *   - let_next_kernel_start() may come first of all. The next kernel's blocks are placed when every block of
 *     this one has called it or ended, so when all of them are placed already: nothing is displaced, nothing
 *     can deadlock. Meanwhile they hold only registers and shared memory that this kernel left free.
 *
 * build.sh compiles the modules that include this a second time, for compute_90. For compute_80 all of it
 * is empty. The PTX device checks the rules (access.cpp); no GPU has confirmed them.
 */
#ifndef LONGHAND_DEPENDENT_LAUNCH_CUH
#define LONGHAND_DEPENDENT_LAUNCH_CUH

namespace longhand {

/* Lets the next kernel be placed once all blocks have called this. */
__device__ __forceinline__ void let_next_kernel_start() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
#endif
}

/* Returns when all earlier kernels have ended and their writes are visible. */
__device__ __forceinline__ void await_earlier_kernels() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/* Both, for a kernel that has nothing to do before the wait. */
__device__ __forceinline__ void follow_earlier_kernels() {
    let_next_kernel_start();
    await_earlier_kernels();
}

constexpr int SECTOR_BYTES = 32; /* a prefetch brings at least this */

/* Prefetches the sector of an address into L2. */
__device__ __forceinline__ void prefetch_sector(const void *at) {
#if __CUDA_ARCH__ >= 900
    asm volatile("prefetch.global.L2 [%0];" ::"l"(at));
#endif
}

/* Prefetches a run of bytes into L2, shared by the lanes of a warp. */
__device__ __forceinline__ void prefetch_run(const void *from, int bytes) {
#if __CUDA_ARCH__ >= 900
    for (int at = threadIdx.x % 32 * SECTOR_BYTES; at < bytes; at += 32 * SECTOR_BYTES) {
        prefetch_sector(static_cast<const char *>(from) + at);
    }
#endif
}

} // namespace longhand

#endif
