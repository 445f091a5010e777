/*
 * From statements to instructions. Every opcode has a decoder, which takes the modifiers and operands it
 * knows; anything left over makes the form unknown, and loading fails with its name. So a form that loads
 * is a form that is implemented.
 */
#ifndef PTX_DECODE_H
#define PTX_DECODE_H

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "parser.h"
#include "program.h"

namespace ptx {

class Decoder {
public:
    Decoder(Entry &entry, Kernel &kernel, const Statement &statement);

    /* Takes a modifier if it is there. */
    bool take(const std::string &modifier);
    /* Whether a modifier is among those left. */
    bool has(const std::string &modifier) const;
    /* Takes and returns the first modifier of a list that is there; fails if there is none. */
    std::string one_of(const std::vector<std::string> &modifiers);
    /* Takes the next modifier, whatever it is. */
    std::string next();
    bool more() const { return at_ < modifiers_.size(); }
    [[noreturn]] void unknown(const std::string &why = "") const;

    size_t operands() const { return statement_.operands.size(); }
    const Operand &operand(size_t i) const;
    /* Frame offset of a register, special, immediate or shared address. `bytes` of a lane: 4 or 8. */
    uint32_t source(const Operand &operand, uint8_t bytes);
    uint32_t source(size_t i, uint8_t bytes) { return source(operand(i), bytes); }
    /* Frame offset of a register to be written; a sink gets a slot of its own. */
    uint32_t result(const Operand &operand, uint8_t bytes);
    uint32_t result(size_t i, uint8_t bytes) { return result(operand(i), bytes); }
    uint32_t predicate(size_t i);
    uint32_t predicate_source(const Operand &operand, bool &negated);
    uint32_t constant(uint64_t value, uint8_t bytes);
    /* The address of a memory operand: base register, displacement, space if it names a variable. */
    uint32_t address(size_t i, Space &space, int64_t &displacement);
    /* Whether the base register of a memory operand has 32 bits. */
    bool is_narrow_address(size_t i) const;
    uint32_t label(size_t i) const;

    /* Checks that nothing is left and appends the instruction. */
    void emit(Instruction instruction, InstructionClass kind, Handler run);
    uint32_t site() { return kernel_.sites++; }
    Kernel &kernel() { return kernel_; }

private:
    Entry &entry_;
    Kernel &kernel_;
    const Statement &statement_;
    std::string opcode_;
    std::vector<std::string> modifiers_;
    size_t at_ = 0;
};

using Decode = void (*)(Decoder &);
using Opcodes = std::unordered_map<std::string, Decode>;

void add_integer(Opcodes &opcodes);
void add_bits(Opcodes &opcodes);
void add_float(Opcodes &opcodes);
void add_compare(Opcodes &opcodes);
void add_convert(Opcodes &opcodes);
void add_move(Opcodes &opcodes);
void add_memory(Opcodes &opcodes);
void add_async(Opcodes &opcodes);
void add_warp(Opcodes &opcodes);
void add_matrix(Opcodes &opcodes);

} // namespace ptx

#endif
