/* What PTX declares outside of instructions: types, sizes and variables. */
#ifndef PTX_DECLARATIONS_H
#define PTX_DECLARATIONS_H

#include <map>
#include <string>

#include "lexer.h"
#include "parser.h"

namespace ptx {

class Declarations : protected Lexer {
protected:
    /* More than any kernel needs, but affordable if the text is hostile. */
    static constexpr uint64_t MEMORY_BYTES_MAX = 1u << 20; /* of shared or local variables, or parameters */
    static constexpr uint64_t ALIGNMENT_MAX = 1u << 12;

    using Lexer::Lexer;

    uint32_t alignment() {
        uint64_t value = number();
        if (value == 0 || value > ALIGNMENT_MAX || (value & (value - 1)) != 0) {
            fail("unknown alignment " + std::to_string(value));
        }
        return static_cast<uint32_t>(value);
    }

    /* The end of an array that begins at `offset`. */
    uint32_t end_of(uint32_t offset, uint32_t element, uint64_t count) const {
        if (count > MEMORY_BYTES_MAX || offset + element * count > MEMORY_BYTES_MAX) {
            fail("too much memory");
        }
        return static_cast<uint32_t>(offset + element * count);
    }

    static uint32_t type_bytes(const std::string &type) {
        static const std::map<std::string, uint32_t> sizes = {
            {".pred", 0}, {".b8", 1}, {".u8", 1}, {".s8", 1}, {".b16", 2}, {".u16", 2},
            {".s16", 2}, {".f16", 2}, {".bf16", 2}, {".b32", 4}, {".u32", 4}, {".s32", 4},
            {".f32", 4}, {".f16x2", 4}, {".bf16x2", 4}, {".b64", 8}, {".u64", 8}, {".s64", 8},
            {".f64", 8}};
        auto found = sizes.find(type);
        return found == sizes.end() ? 99 : found->second;
    }

    uint32_t type() {
        return type_named(word());
    }

    uint32_t type_named(const std::string &name) const {
        uint32_t bytes = type_bytes(name);
        if (bytes == 99) {
            fail("unknown type " + name);
        }
        return bytes;
    }

    /* Bytes of an element in memory: not a predicate. */
    uint32_t element(const std::string &name) const {
        uint32_t bytes = type_named(name);
        if (bytes == 0) {
            fail("no variable can be " + name);
        }
        return bytes;
    }

    static uint32_t aligned(uint32_t offset, uint32_t alignment) {
        return (offset + alignment - 1) / alignment * alignment;
    }

    /* A variable of shared or local memory; module-scope data with values is not supported. */
    void variable(const std::string &space, std::map<std::string, Variable> &into,
                  uint32_t &bytes_used) {
        if (space == ".global" || space == ".const") {
            fail(space + " variables are not supported");
        }
        uint32_t wanted = 0;
        std::string token = word();
        if (token == ".align") {
            wanted = alignment();
            token = word();
        }
        uint32_t bytes = element(token);
        std::string name = word();
        uint64_t count = 1;
        bool dynamic = false;
        while (take('[')) {
            skip();
            if (peek() == ']') {
                dynamic = true;
            } else {
                count = end_of(0, static_cast<uint32_t>(count), number());
            }
            expect(']');
        }
        expect(';');
        uint32_t offset = aligned(bytes_used, wanted == 0 ? bytes : wanted);
        Space where = space == ".shared" ? Space::SHARED : Space::LOCAL;
        if (dynamic) {
            into[name] = {where, NONE, 0}; /* after all static ones */
            return;
        }
        bytes_used = end_of(offset, bytes, count);
        into[name] = {where, offset, bytes_used - offset};
    }
};

} // namespace ptx

#endif
