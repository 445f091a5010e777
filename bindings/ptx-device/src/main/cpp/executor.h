/* Runs the blocks of a launch on the processor's cores. */
#ifndef PTX_EXECUTOR_H
#define PTX_EXECUTOR_H

#include <atomic>
#include <memory>
#include <vector>

#include "warp.h"

namespace ptx {

class Executor {
public:
    Executor();
    /* Runs a launch to its end and adds its counters to the report; 0 or the CUDA status of a fault. */
    int run(const Launch &launch);

private:
    std::vector<std::unique_ptr<Block>> workers_;

    void run_apart(const Launch &launch, std::atomic<int> &status, Counters &total);
    void run_together(const Launch &launch, std::atomic<int> &status, Counters &total);
};

} // namespace ptx

#endif
