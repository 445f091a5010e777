/* ld, st, atom and red. */
#include <mutex>

#include "access.h"
#include "lanewise.h"

namespace ptx {
namespace {

/* The space of a generic address; makes the address relative to it. */
Space resolve(Space space, Address &at) {
    if (space != Space::GENERIC) {
        return space;
    }
    if (at - SHARED_WINDOW < WINDOW_BYTES) {
        at -= SHARED_WINDOW;
        return Space::SHARED;
    }
    if (at - LOCAL_WINDOW < WINDOW_BYTES) {
        at -= LOCAL_WINDOW;
        return Space::LOCAL;
    }
    return Space::GLOBAL;
}

uint64_t extend(const uint8_t *from, uint8_t width, bool is_signed) {
    uint64_t value = 0;
    memcpy(&value, from, width);
    if (is_signed && width < 8 && value >> (8 * width - 1) & 1) {
        value |= ~0ull << (8 * width);
    }
    return value;
}

const uint8_t *parameter_at(Warp &warp, const Instruction &i, int lane, Address at, uint32_t width) {
    const Launch &launch = *warp.block->launch;
    if (at > launch.kernel->parameter_bytes || at + width > launch.kernel->parameter_bytes) {
        warp.fault(i, lane, "out of bounds", "parameters at " + std::to_string(at), ILLEGAL_ADDRESS);
    }
    return launch.parameters.data() + at;
}

/* The lanes that access each kind of memory; host_of checks and records a lane's access. */
struct Touched {
    uint32_t global = 0, shared = 0; /* lanes */
};

template <bool LOAD>
uint8_t *host_of(Warp &warp, const Instruction &i, int lane, Address &at, uint32_t width, Touched &touched) {
    switch (resolve(static_cast<Space>(i.space), at)) {
        case Space::GLOBAL:
            touched.global |= 1u << lane;
            return LOAD ? global_read(warp, i, lane, at, width) : global_write(warp, i, lane, at, width);
        case Space::SHARED:
            touched.shared |= 1u << lane;
            return LOAD ? shared_read(warp, i, lane, at, width) : shared_write(warp, i, lane, at, width);
        case Space::LOCAL: return local_at(warp, i, lane, at, width);
        default: break;
    }
    if (!LOAD) {
        warp.fault(i, lane, "illegal store", "to parameters", ILLEGAL_INSTRUCTION);
    }
    return const_cast<uint8_t *>(parameter_at(warp, i, lane, at, width)); /* a load only reads it */
}

void load_elements(Warp &warp, const Instruction &i, int lane, const uint8_t *from) {
    for (uint32_t e = 0; e < i.count; e++) {
        uint64_t value = extend(from + e * i.width, i.width, i.flags & SIGNED);
        if (i.operand[9 + e] == 8) {
            warp.lanes<uint64_t>(i.operand[e])[lane] = value;
        } else {
            warp.lanes<uint32_t>(i.operand[e])[lane] = static_cast<uint32_t>(value);
        }
    }
}

void store_elements(Warp &warp, const Instruction &i, int lane, uint8_t *to) {
    for (uint32_t e = 0; e < i.count; e++) {
        uint64_t value = i.operand[9 + e] == 8 ? warp.lanes<uint64_t>(i.operand[e])[lane]
                                               : warp.lanes<uint32_t>(i.operand[e])[lane];
        memcpy(to + e * i.width, &value, i.width);
    }
}

/* operand[0..count): registers, operand[8]: address; operand[9 + e]: lane bytes of register e */
template <bool LOAD> void transfer(Warp &warp, const Instruction &i, uint32_t mask) {
    Address at[LANES];
    uint32_t width = static_cast<uint32_t>(i.width) * i.count;
    Touched touched;
    for (int lane = 0; lane < LANES; lane++) {
        if (!(mask >> lane & 1)) {
            continue;
        }
        at[lane] = lane_address(warp, i, 8, lane);
        uint8_t *host = host_of<LOAD>(warp, i, lane, at[lane], width, touched);
        LOAD ? load_elements(warp, i, lane, host) : store_elements(warp, i, lane, host);
    }
    if (touched.global != 0) {
        count_global(warp, at, touched.global, width, LOAD);
    }
    if (touched.shared != 0) {
        count_shared(warp, at, touched.shared, width);
    }
}

uint8_t type_width(Decoder &d, const std::string &type, bool &is_signed) {
    is_signed = type[0] == 's';
    static const std::unordered_map<std::string, uint8_t> widths = {
        {"b8", 1}, {"u8", 1}, {"s8", 1}, {"b16", 2}, {"u16", 2}, {"s16", 2}, {"b32", 4},
        {"u32", 4}, {"s32", 4}, {"f32", 4}, {"b64", 8}, {"u64", 8}, {"s64", 8}, {"f64", 8}};
    auto found = widths.find(type);
    if (found == widths.end()) {
        d.unknown("type " + type);
    }
    return found->second;
}

void access(Decoder &d, bool is_load) {
    MemoryForm form = memory_form(d);
    Instruction i;
    i.count = d.take("v2") ? 2 : d.take("v4") ? 4 : 1;
    bool is_signed;
    i.width = type_width(d, d.next(), is_signed);
    Space space = form.space;
    size_t address_at = is_load ? 1 : 0;
    i.operand[8] = d.address(address_at, space, i.immediate);
    if (form.space == Space::CONSTANT || (!is_load && space == Space::PARAM)) {
        d.unknown("space"); /* there are no variables of .const, and parameters are read only */
    }
    if (form.space != Space::GENERIC && space != form.space) {
        d.unknown("variable of another space");
    }
    i.space = static_cast<uint8_t>(space);
    i.flags = static_cast<uint8_t>((is_signed ? SIGNED : 0) | form.flags
                                   | (d.is_narrow_address(address_at) ? ADDRESS32 : 0));
    const Operand &value = d.operand(is_load ? 0 : 1);
    if (i.width * i.count > 16 || (i.count > 1 && value.elements.size() != i.count)) {
        d.unknown("vector");
    }
    for (uint32_t e = 0; e < i.count; e++) {
        const Operand &part = i.count > 1 ? value.elements.at(e) : value;
        uint8_t bytes = part.kind == Operand::REGISTER ? part.bytes : i.width == 8 ? 8 : 4;
        i.operand[e] = is_load ? d.result(part, bytes) : d.source(part, bytes);
        i.operand[9 + e] = bytes;
    }
    i.site = d.site();
    d.emit(i, MEMORY, is_load ? transfer<true> : transfer<false>);
}

/* Has no visible effect, so it may come before griddepcontrol.wait; only its bounds are checked. */
void prefetch(Warp &warp, const Instruction &i, uint32_t mask) {
    for (int lane = 0; lane < LANES; lane++) {
        if (!(mask >> lane & 1)) {
            continue;
        }
        Address at = lane_address(warp, i, 8, lane);
        if (resolve(static_cast<Space>(i.space), at) == Space::GLOBAL
            && warp.block->launch->memory->range(at, 1) == nullptr) {
            warp.find(i, lane, "out of bounds", "a prefetch of no device memory");
        }
    }
}

void decode_prefetch(Decoder &d) {
    Instruction i;
    Space space = d.take("global") ? Space::GLOBAL : d.take("local") ? Space::LOCAL : Space::GENERIC;
    d.one_of({"L1", "L2", "L2::evict_last", "L2::evict_normal"});
    i.operand[8] = d.address(0, space, i.immediate);
    i.space = static_cast<uint8_t>(space);
    i.flags = d.is_narrow_address(0) ? ADDRESS32 : 0;
    d.emit(i, MEMORY, prefetch);
}

/* ---- atomics ---- */

enum Atomic : uint8_t { ADD, MIN, MAX, AND, OR, XOR, EXCHANGE, CAS, INC, DEC };

std::mutex atomics; /* device-wide; blocks run on several threads */

template <class T> T combine(Atomic op, T old, T b, T c) {
    switch (op) {
        case ADD: return static_cast<T>(old + b);
        case MIN: return old < b ? old : b;
        case MAX: return old > b ? old : b;
        case EXCHANGE: return b;
        case CAS: return old == b ? c : old;
        case INC: return old >= b ? T(0) : static_cast<T>(old + 1);
        case DEC: return old == T(0) || old > b ? b : static_cast<T>(old - 1);
        default: break;
    }
    if constexpr (std::is_integral_v<T>) {
        return op == AND ? old & b : op == OR ? old | b : old ^ b;
    } else {
        return old;
    }
}

/* operand[0]: old value or none, [1]: b, [2]: c, [8]: address; count: the Atomic */
template <class T> void atomic(Warp &warp, const Instruction &i, uint32_t mask) {
    std::lock_guard<std::mutex> lock(atomics);
    for (int lane = 0; lane < LANES; lane++) {
        if (!(mask >> lane & 1)) {
            continue;
        }
        Address at = lane_address(warp, i, 8, lane);
        uint8_t *host;
        if (resolve(static_cast<Space>(i.space), at) == Space::SHARED) {
            host = shared_read(warp, i, lane, at, sizeof(T));
        } else {
            host = global_atomic(warp, i, lane, at, sizeof(T));
        }
        T old;
        memcpy(&old, host, sizeof(T));
        T b = get<T>(warp.lanes<Cell<T>>(i.operand[1]), lane);
        T c = get<T>(warp.lanes<Cell<T>>(i.operand[2]), lane);
        T updated = combine<T>(static_cast<Atomic>(i.count), old, b, c);
        warp.block->changes += memcmp(host, &updated, sizeof(T)) != 0;
        memcpy(host, &updated, sizeof(T));
        if (i.operand[0] != NONE) {
            warp.lanes<Cell<T>>(i.operand[0])[lane] = cell<T>(old);
        }
        warp.block->counters.atomics++;
    }
}

template <class T> void emit_atomic(Decoder &d, Instruction i, bool returns) {
    size_t at = returns ? 1 : 0;
    Space space = static_cast<Space>(i.space);
    i.operand[0] = returns ? d.result(0, cell_bytes<T>) : NONE;
    i.operand[8] = d.address(at, space, i.immediate);
    i.space = static_cast<uint8_t>(space);
    i.flags |= ORDERED;
    i.flags |= d.is_narrow_address(at) ? ADDRESS32 : 0;
    i.operand[1] = d.source(at + 1, cell_bytes<T>);
    i.operand[2] = i.count == CAS ? d.source(at + 2, cell_bytes<T>) : i.operand[1];
    i.site = d.site();
    d.emit(i, MEMORY, atomic<T>);
}

void atomic_form(Decoder &d, bool returns) {
    Instruction i;
    MemoryForm form = memory_form(d);
    i.space = static_cast<uint8_t>(form.space);
    i.flags = form.flags;
    i.flags |= d.take("cta") ? BLOCK_ONLY : 0;
    d.take("gpu") || d.take("sys");
    static const std::unordered_map<std::string, Atomic> names = {
        {"add", ADD}, {"min", MIN}, {"max", MAX}, {"and", AND}, {"or", OR}, {"xor", XOR},
        {"exch", EXCHANGE}, {"cas", CAS}, {"inc", INC}, {"dec", DEC}};
    auto found = names.find(d.next());
    if (found == names.end()) {
        d.unknown("operation");
    }
    i.count = found->second;
    i.flags |= memory_order(d); /* nvcc's cooperative groups name it here */
    std::string type = d.next();
    if (type == "u32" || type == "b32") emit_atomic<uint32_t>(d, i, returns);
    else if (type == "s32") emit_atomic<int32_t>(d, i, returns);
    else if (type == "u64" || type == "b64") emit_atomic<uint64_t>(d, i, returns);
    else if (type == "s64") emit_atomic<int64_t>(d, i, returns);
    else if (type == "f32" && i.count == ADD) emit_atomic<float>(d, i, returns);
    else d.unknown("type " + type);
}

} // namespace

void add_memory(Opcodes &opcodes) {
    opcodes["ld"] = [](Decoder &d) { access(d, true); };
    opcodes["st"] = [](Decoder &d) { access(d, false); };
    opcodes["prefetch"] = decode_prefetch;
    opcodes["atom"] = [](Decoder &d) { atomic_form(d, true); };
    opcodes["red"] = [](Decoder &d) { atomic_form(d, false); };
}

} // namespace ptx
