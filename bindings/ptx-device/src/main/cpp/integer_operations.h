/* Integer operations of two values, for lanes and for reductions over lanes; sums wrap. */
#ifndef PTX_INTEGER_OPERATIONS_H
#define PTX_INTEGER_OPERATIONS_H

#include <type_traits>

namespace ptx {
namespace integer {

template <class T> using U = std::make_unsigned_t<T>;

struct Add { template <class T> T operator()(T a, T b) const { return static_cast<T>(U<T>(a) + U<T>(b)); } };
struct Min { template <class T> T operator()(T a, T b) const { return a < b ? a : b; } };
struct Max { template <class T> T operator()(T a, T b) const { return a > b ? a : b; } };
struct And { template <class T> T operator()(T a, T b) const { return a & b; } };
struct Or { template <class T> T operator()(T a, T b) const { return a | b; } };
struct Xor { template <class T> T operator()(T a, T b) const { return a ^ b; } };

} // namespace integer
} // namespace ptx

#endif
