#include "executor.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

namespace ptx {

Executor::Executor() {
    unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < cores; i++) {
        workers_.push_back(std::make_unique<Block>());
    }
}

/* Seed 0 takes blocks first to last and 1 last to first, so that of two blocks each goes first once. */
static std::vector<uint32_t> order_of(const Launch &launch) {
    std::vector<uint32_t> order(launch.grid.count());
    std::iota(order.begin(), order.end(), 0);
    if (launch.seed == 1) {
        std::reverse(order.begin(), order.end());
    } else if (launch.seed > 1) {
        std::mt19937_64 random(launch.seed ^ launch.number);
        std::shuffle(order.begin(), order.end(), random);
    }
    return order;
}

int Executor::run(const Launch &launch) {
    std::vector<uint32_t> order = order_of(launch);
    std::atomic<size_t> next{0};
    std::atomic<int> status{0};
    auto work = [&](Block &block) {
        block.launch = &launch;
        block.counters = Counters();
        try {
            for (size_t i = next++; i < order.size() && status == 0; i = next++) {
                block.run(order[i]);
            }
        } catch (const LaunchFault &fault) {
            status = fault.status;
        }
    };
    size_t count = std::min<size_t>(workers_.size(), order.size());
    std::vector<std::thread> threads;
    for (size_t i = 1; i < count; i++) {
        threads.emplace_back(work, std::ref(*workers_[i]));
    }
    work(*workers_[0]);
    for (std::thread &thread : threads) {
        thread.join();
    }
    Counters total;
    total.launches = 1;
    for (size_t i = 0; i < count; i++) {
        total.add(workers_[i]->counters);
    }
    launch.report->count(launch.kernel->name, total);
    return status;
}

} // namespace ptx
