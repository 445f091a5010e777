/* Shared by the exported functions. The CUDA headers are not needed: the ABI is spelled out. */
#ifndef PTX_API_H
#define PTX_API_H

#include "driver.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace ptx {

/* Locks the driver for a call; calls after a fault return the fault. */
struct Call {
    explicit Call() : driver(Driver::instance()), lock(driver.mutex) { driver.fails(FAIL_DEVICE); }
    int status() const { return driver.sticky; }
    Driver &driver;
    std::lock_guard<std::recursive_mutex> lock;
};

/* Deletes an object of the driver; false if the driver does not have it. */
template <class Set, class T> bool destroy(Set &set, T *object) {
    if (set.erase(object) == 0) {
        return false;
    }
    delete object;
    return true;
}

/* Reports a call that is not implemented; returns NOT_SUPPORTED. */
int unsupported(const char *name);

} // namespace ptx

/* Begins an exported function: locks, and returns at once if the context has failed. */
#define DRIVER_CALL                                                                                \
    ptx::Call call;                                                                                \
    ptx::Driver &driver = call.driver;                                                             \
    if (call.status() != ptx::SUCCESS) {                                                           \
        return call.status();                                                                      \
    }

#endif
