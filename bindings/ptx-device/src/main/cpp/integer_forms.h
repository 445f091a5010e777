/* Decodes instructions that exist for every integer type. */
#ifndef PTX_INTEGER_FORMS_H
#define PTX_INTEGER_FORMS_H

#include <string>

#include "integer_operations.h"
#include "lanewise.h"

namespace ptx {
namespace integer {

/* Calls visit with a value of the integer type of the next modifier. */
template <class Visit> void with_integer(Decoder &d, Visit visit) {
    std::string type = d.next();
    if (type == "s32") return visit(int32_t());
    if (type == "u32" || type == "b32") return visit(uint32_t());
    if (type == "s64") return visit(int64_t());
    if (type == "u64" || type == "b64") return visit(uint64_t());
    if (type == "s16") return visit(int16_t());
    if (type == "u16" || type == "b16") return visit(uint16_t());
    d.unknown("type " + type);
}

template <class F> void plain(Decoder &d) {
    with_integer(d, [&](auto t) { emit_binary<decltype(t), decltype(t), decltype(t), F>(d); });
}

template <class F> void single(Decoder &d) {
    with_integer(d, [&](auto t) { emit_unary<decltype(t), decltype(t), F>(d); });
}

} // namespace integer
} // namespace ptx

#endif
