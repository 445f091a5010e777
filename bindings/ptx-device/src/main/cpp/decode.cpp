#include "decode.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>

namespace ptx {

/* The largest of our modules takes about 6 MB when decoded. */
static const size_t KNOWN_MODULES_MAX = 24;

Decoder::Decoder(Entry &entry, Kernel &kernel, const Statement &statement)
    : entry_(entry), kernel_(kernel), statement_(statement) {
    size_t from = 0;
    const std::string &text = statement.opcode;
    while (from <= text.size()) {
        size_t dot = from;
        while (dot < text.size() && text[dot] != '.') {
            dot++;
        }
        modifiers_.push_back(text.substr(from, dot - from));
        from = dot + 1;
    }
    opcode_ = modifiers_[0];
    at_ = 1;
}

bool Decoder::take(const std::string &modifier) {
    if (more() && modifiers_[at_] == modifier) {
        at_++;
        return true;
    }
    return false;
}

bool Decoder::has(const std::string &modifier) const {
    return std::find(modifiers_.begin() + static_cast<long>(at_), modifiers_.end(), modifier)
           != modifiers_.end();
}

std::string Decoder::one_of(const std::vector<std::string> &modifiers) {
    for (const std::string &modifier : modifiers) {
        if (take(modifier)) {
            return modifier;
        }
    }
    unknown();
}

std::string Decoder::next() {
    if (!more()) {
        unknown();
    }
    return modifiers_[at_++];
}

void Decoder::unknown(const std::string &why) const {
    throw LoadError("PTX line " + std::to_string(statement_.line) + ", " + kernel_.name +
                    ": unknown instruction form " + statement_.opcode +
                    (why.empty() ? "" : " (" + why + ")"));
}

const Operand &Decoder::operand(size_t i) const {
    if (i >= statement_.operands.size()) {
        unknown("too few operands");
    }
    return statement_.operands[i];
}

uint32_t Decoder::constant(uint64_t value, uint8_t bytes) {
    for (const Constant &known : kernel_.constants) {
        if (known.value == value && known.bytes == bytes) {
            return known.offset;
        }
    }
    uint32_t offset = entry_.frame_bytes;
    entry_.frame_bytes += bytes * LANES;
    kernel_.constants.push_back({offset, bytes, value});
    return offset;
}

uint32_t Decoder::source(const Operand &operand, uint8_t bytes) {
    switch (operand.kind) {
        case Operand::REGISTER:
        case Operand::SPECIAL:
            if (operand.bytes != bytes) {
                unknown("operand " + operand.name + " has another width");
            }
            return operand.offset;
        case Operand::IMMEDIATE: {
            uint64_t bits = operand.bits;
            if (operand.is_double && bytes == 4) { /* 0d.. for an f32 operand */
                double value;
                memcpy(&value, &bits, 8);
                float narrow = static_cast<float>(value);
                uint32_t narrow_bits;
                memcpy(&narrow_bits, &narrow, 4);
                bits = narrow_bits;
            }
            return constant(bytes == 4 ? bits & 0xffffffffu : bits, bytes);
        }
        case Operand::SYMBOL: {
            const Variable &variable = entry_.variables.at(operand.name);
            uint32_t at = variable.offset == NONE ? kernel_.shared_bytes : variable.offset;
            return constant(at, bytes);
        }
        default: unknown("unexpected operand " + operand.name);
    }
}

uint32_t Decoder::result(const Operand &operand, uint8_t bytes) {
    if (operand.kind == Operand::SINK) {
        uint32_t offset = entry_.frame_bytes;
        entry_.frame_bytes += bytes * LANES;
        return offset;
    }
    if (operand.kind != Operand::REGISTER || operand.bytes != bytes) {
        unknown("result " + operand.name + " has another width");
    }
    return operand.offset;
}

uint32_t Decoder::predicate(size_t i) {
    const Operand &wanted = operand(i);
    if (wanted.kind == Operand::SINK) {
        uint32_t offset = entry_.frame_bytes;
        entry_.frame_bytes += 64;
        return offset;
    }
    if (wanted.kind != Operand::PREDICATE) {
        unknown("expected a predicate");
    }
    return wanted.offset;
}

uint32_t Decoder::predicate_source(const Operand &wanted, bool &negated) {
    negated = wanted.negated;
    if (wanted.kind == Operand::IMMEDIATE) { /* 0 or 1; a constant's words serve as a mask */
        return constant(wanted.bits == 0 ? 0 : 0xffffffffu, 4);
    }
    if (wanted.kind != Operand::PREDICATE) {
        unknown("expected a predicate");
    }
    return wanted.offset;
}

uint32_t Decoder::address(size_t i, Space &space, int64_t &displacement) {
    const Operand &memory = operand(i);
    if (memory.kind != Operand::MEMORY) {
        unknown("expected an address");
    }
    displacement = memory.displacement;
    const Operand &base = memory.elements[0];
    if (base.kind == Operand::SYMBOL) {
        const Variable &variable = entry_.variables.at(base.name);
        space = variable.space;
        displacement += variable.offset == NONE ? kernel_.shared_bytes : variable.offset;
        return constant(0, 8);
    }
    if (base.kind == Operand::IMMEDIATE) {
        displacement += static_cast<int64_t>(base.bits);
        return constant(0, 8);
    }
    if (base.kind != Operand::REGISTER) {
        unknown("unexpected address");
    }
    if (base.bytes == 4) { /* 32-bit addresses: shared memory only; the flag says so */
        space = space == Space::GENERIC ? Space::SHARED : space;
    }
    return base.offset;
}

bool Decoder::is_narrow_address(size_t i) const {
    const Operand &base = operand(i).elements[0];
    return base.kind == Operand::REGISTER && base.bytes == 4;
}

uint32_t Decoder::label(size_t i) const {
    auto found = entry_.labels.find(operand(i).name);
    if (found == entry_.labels.end() || operand(i).kind != Operand::LABEL) {
        unknown("unknown label " + operand(i).name);
    }
    return found->second;
}

void Decoder::emit(Instruction instruction, InstructionClass kind, Handler run) {
    if (more()) {
        unknown("modifier ." + modifiers_[at_]);
    }
    static std::set<std::string> names; /* modules are loaded under the driver's lock */
    instruction.name = names.insert(statement_.opcode).first->c_str();
    instruction.kind = kind;
    instruction.run = run;
    instruction.guard = statement_.guard;
    instruction.guard_negated = statement_.guard_negated;
    instruction.ptx_line = statement_.line;
    instruction.source_file = statement_.source_file;
    instruction.source_line = statement_.source_line;
    kernel_.code.push_back(instruction);
}

static const Opcodes &opcodes() {
    static const Opcodes all = [] {
        Opcodes table;
        add_integer(table);
        add_bits(table);
        add_float(table);
        add_compare(table);
        add_convert(table);
        add_move(table);
        add_memory(table);
        add_async(table);
        add_warp(table);
        add_matrix(table);
        return table;
    }();
    return all;
}

/* Diverged lanes meet at labels and after branches. */
static void mark_leaders(Kernel &kernel, const Entry &entry) {
    for (const auto &label : entry.labels) {
        if (label.second < kernel.code.size()) {
            kernel.code[label.second].leader = true;
        }
    }
    for (size_t i = 0; i + 1 < kernel.code.size(); i++) {
        if (kernel.code[i].kind == CONTROL) {
            kernel.code[i + 1].leader = true;
        }
    }
}

static std::unique_ptr<Kernel> decode(Entry &entry, const Module &module) {
    auto kernel = std::make_unique<Kernel>();
    kernel->name = entry.name;
    kernel->shared_bytes = (entry.shared_bytes + 15) / 16 * 16;
    kernel->local_bytes = entry.local_bytes;
    kernel->max_threads = entry.max_threads;
    kernel->files = &module.files;
    kernel->parameter_bytes = entry.parameter_bytes;
    for (const auto &parameter : entry.parameters) {
        kernel->parameters.push_back({parameter.first, parameter.second});
    }
    for (const Statement &statement : entry.statements) {
        Decoder decoder(entry, *kernel, statement);
        auto found = opcodes().find(statement.opcode.substr(0, statement.opcode.find('.')));
        if (found == opcodes().end()) {
            decoder.unknown("opcode");
        }
        size_t before = kernel->code.size();
        found->second(decoder);
        if (kernel->code.size() != before + 1) {
            decoder.unknown("decoder");
        }
    }
    Statement last{"exit", {}, NONE, false, 0, 0, 0}; /* labels at the end, a guarded ret */
    Decoder at_the_end(entry, *kernel, last);
    opcodes().at("exit")(at_the_end);
    for (const auto &special : entry.specials) {
        kernel->specials[static_cast<size_t>(special.first)] = special.second;
    }
    kernel->frame_bytes = entry.frame_bytes;
    mark_leaders(*kernel, entry);
    return kernel;
}

static std::unique_ptr<Module> decoded(const std::string &text) {
    Parsed parsed = parse(text);
    auto module = std::make_unique<Module>();
    module->target = parsed.target;
    module->files = parsed.files;
    for (Entry &entry : parsed.entries) {
        module->kernels[entry.name] = decode(entry, *module);
    }
    return module;
}

/*
 * Modules that were loaded before are copied: a process that opens many engines, as tests do, loads
 * the same 3.5 MB of text for each, and reading it took half the time of the op table.
 */
std::unique_ptr<Module> load_module(const std::string &text) {
    static std::unordered_map<std::string, std::unique_ptr<Module>> known; /* under the driver's lock */
    auto found = known.find(text);
    if (found == known.end()) {
        auto module = decoded(text);
        if (known.size() == KNOWN_MODULES_MAX) {
            known.clear();
        }
        found = known.emplace(text, std::move(module)).first;
    }
    auto module = std::make_unique<Module>();
    module->target = found->second->target;
    module->files = found->second->files;
    for (const auto &kernel : found->second->kernels) {
        auto copy = std::make_unique<Kernel>(*kernel.second);
        copy->files = &module->files;
        module->kernels[kernel.first] = std::move(copy);
    }
    return module;
}

} // namespace ptx
