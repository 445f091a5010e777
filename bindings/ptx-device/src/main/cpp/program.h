/* A loaded module: kernels as decoded instructions over a frame of warp-wide registers. */
#ifndef PTX_PROGRAM_H
#define PTX_PROGRAM_H

#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "report.h"

namespace ptx {

constexpr int LANES = 32;
constexpr uint32_t NONE = 0xffffffffu;
constexpr int OPERANDS_MAX = 16;

class Warp;
struct Instruction;
using Handler = void (*)(Warp &, const Instruction &, uint32_t mask);

/*
 * Registers live in a frame of bytes. A register of up to 32 bits is 32 words, one per lane; one of
 * 64 bits is 32 double words; a predicate is one word with a bit per lane. Immediates are registers
 * that the frame starts with, so a handler sees offsets only.
 */
struct Instruction {
    Handler run = nullptr;
    uint32_t guard = NONE; /* offset of a predicate */
    bool guard_negated = false;
    bool leader = false; /* control may arrive here from elsewhere: diverged lanes meet */
    InstructionClass kind = ARITHMETIC;
    uint8_t width = 0;   /* bytes of one element in memory */
    uint8_t count = 1;   /* elements of a vector access */
    uint8_t space = 0;
    uint8_t flags = 0;
    uint32_t operand[OPERANDS_MAX] = {}; /* frame offsets; results first */
    int64_t immediate = 0;               /* displacement or branch target */
    uint32_t site = 0;                   /* number of a memory instruction, for its cache */
    uint32_t ptx_line = 0;
    uint32_t source_file = 0;
    uint32_t source_line = 0;
    const char *name = "";
};

struct Parameter {
    uint32_t offset;
    uint32_t bytes;
};

struct Constant {
    uint32_t offset;
    uint8_t bytes; /* of a lane: 4 or 8 */
    uint64_t value;
};

/* Special registers such as %tid, in the order of their slots in a frame. */
enum Special : int {
    TID_X, TID_Y, TID_Z, NTID_X, NTID_Y, NTID_Z, CTAID_X, CTAID_Y, CTAID_Z,
    NCTAID_X, NCTAID_Y, NCTAID_Z, LANEID, WARPID, NWARPID, SMID, NSMID,
    LANEMASK_EQ, LANEMASK_LT, LANEMASK_LE, LANEMASK_GT, LANEMASK_GE, DYNAMIC_SMEM_SIZE,
    ENVREG1, ENVREG2, SPECIALS
};

struct Kernel {
    std::string name;
    std::vector<Parameter> parameters;
    uint32_t parameter_bytes = 0;
    std::vector<Instruction> code;
    std::vector<Constant> constants;
    std::vector<uint32_t> specials = std::vector<uint32_t>(SPECIALS, NONE);
    uint32_t frame_bytes = 0;
    uint32_t shared_bytes = 0; /* static; dynamic shared memory follows it */
    uint32_t local_bytes = 0;
    uint32_t sites = 0;
    uint32_t max_threads = 1024;
    uint32_t dynamic_shared_max = 48 * 1024;
    const std::map<uint32_t, std::string> *files = nullptr;

    /* "kernel, PTX line 12, source.cu:34" */
    std::string place(const Instruction &instruction) const;
};

struct Module {
    int target = 0; /* least compute capability, times ten */
    std::map<std::string, std::unique_ptr<Kernel>> kernels;
    std::map<uint32_t, std::string> files;
};

/* The PTX cannot be loaded: what and where. */
struct LoadError : std::runtime_error {
    explicit LoadError(const std::string &what, int code = 218)
        : std::runtime_error(what), status(code) {}
    int status;
};

/* Parses and decodes PTX text; throws LoadError. */
std::unique_ptr<Module> load_module(const std::string &text);

} // namespace ptx

#endif
