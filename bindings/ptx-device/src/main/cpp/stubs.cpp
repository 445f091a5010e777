/* Weak definitions of the whole driver API; the implemented ones in api_*.cpp win. */
#include "api.h"

#define SYMBOL(name)                                                                               \
    extern "C" __attribute__((weak, visibility("default"))) int name() {                           \
        return ptx::unsupported(#name);                                                            \
    }
#include "driver_symbols.inc"
#undef SYMBOL
