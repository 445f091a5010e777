/* Findings of the checks, and counters by kernel. */
#ifndef PTX_REPORT_H
#define PTX_REPORT_H

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace ptx {

enum InstructionClass : uint8_t { ARITHMETIC, MEMORY, CONTROL, MATRIX, CLASSES };

/* Counters of one or many launches. A request is one memory instruction of one warp. */
struct Counters {
    uint64_t launches = 0;
    uint64_t blocks = 0;
    uint64_t warp_instructions[CLASSES] = {};
    uint64_t thread_instructions = 0;
    uint64_t divergent_branches = 0;
    uint64_t global_load_requests = 0;
    uint64_t global_load_sectors = 0; /* moved between L2 and SM, no L1 assumed */
    uint64_t global_load_bytes = 0;   /* asked for by threads */
    uint64_t global_store_requests = 0;
    uint64_t global_store_sectors = 0;
    uint64_t global_store_bytes = 0;
    uint64_t unique_read_sectors = 0; /* per launch: the DRAM floor of what was read */
    uint64_t unique_written_sectors = 0;
    uint64_t shared_requests = 0;
    uint64_t shared_wavefronts = 0;
    uint64_t shared_wavefronts_ideal = 0; /* of the same requests without bank conflicts */
    uint64_t barriers = 0;
    uint64_t matrix_operations = 0;
    uint64_t atomics = 0;

    void add(const Counters &other);
};

class Report {
public:
    /* Keeps one finding of each kind and place, with the number of its occurrences. */
    void find(const std::string &key, const std::string &text);
    void count(const std::string &kernel, const Counters &counters);
    void clear();
    std::string findings();
    std::string counters(); /* JSON */

    /* Bytes that copies moved. */
    std::atomic<uint64_t> bytes_to_device{0};
    std::atomic<uint64_t> bytes_to_host{0};

private:
    struct Finding {
        std::string text;
        uint64_t times;
    };
    std::mutex mutex_;
    std::map<std::string, Finding> findings_;
    std::map<std::string, Counters> counters_;
};

} // namespace ptx

#endif
