/* The control surface for tests: ptx_device.h. */
#include <algorithm>
#include <cstring>

extern "C" {
#include "ptx_device.h"
}

#include "api.h"

using namespace ptx;

static int64_t give(const std::string &all, char *text, int64_t capacity) {
    if (capacity > 0) {
        size_t length = std::min<size_t>(all.size(), static_cast<size_t>(capacity) - 1);
        memcpy(text, all.data(), length);
        text[length] = '\0';
    }
    return static_cast<int64_t>(all.size());
}

EXPORT int32_t ptx_device_abi(void) { return 2; }

EXPORT void ptx_device_seed(uint64_t seed) {
    Call call;
    call.driver.seed = seed;
}

EXPORT int64_t ptx_device_findings(char *text, int64_t capacity) {
    return give(Driver::instance().report.findings(), text, capacity);
}

EXPORT int64_t ptx_device_counters(char *text, int64_t capacity) {
    return give(Driver::instance().report.counters(), text, capacity);
}

EXPORT void ptx_device_clear(void) { Driver::instance().report.clear(); }

EXPORT void ptx_device_fail(int32_t what, int64_t after) {
    std::lock_guard<std::recursive_mutex> lock(Driver::instance().mutex);
    Driver::instance().inject(what, after);
}

EXPORT int64_t ptx_device_live(void) {
    Driver &driver = Driver::instance();
    std::lock_guard<std::recursive_mutex> lock(driver.mutex);
    return static_cast<int64_t>(driver.memory.live() + driver.streams.size() + driver.events.size() +
                                driver.graphs.size() + driver.modules.size());
}

EXPORT int64_t ptx_device_bytes_to_device(void) {
    return static_cast<int64_t>(Driver::instance().report.bytes_to_device.load());
}

EXPORT int64_t ptx_device_bytes_to_host(void) {
    return static_cast<int64_t>(Driver::instance().report.bytes_to_host.load());
}
