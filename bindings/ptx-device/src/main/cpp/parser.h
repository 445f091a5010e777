/* PTX text as statements, before any meaning. */
#ifndef PTX_PARSER_H
#define PTX_PARSER_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ptx {

struct Operand {
    enum Kind { REGISTER, PREDICATE, IMMEDIATE, SYMBOL, LABEL, VECTOR, MEMORY, SPECIAL, SINK };
    Kind kind = SINK;
    uint32_t offset = 0;     /* of a register, special or symbol */
    uint8_t bytes = 0;       /* of a lane of a register: 4 or 8 */
    bool negated = false;    /* !%p */
    bool is_double = false;  /* an immediate spelled 0d.. */
    uint64_t bits = 0;       /* of an immediate */
    int64_t displacement = 0;
    std::string name;        /* of a symbol or label */
    std::vector<Operand> elements; /* of a vector; the base of a memory operand */
};

struct Statement {
    std::string opcode;
    std::vector<Operand> operands;
    uint32_t guard;
    bool guard_negated;
    uint32_t line;
    uint32_t source_file;
    uint32_t source_line;
};

enum class Space : uint8_t { GENERIC, PARAM, GLOBAL, SHARED, LOCAL, CONSTANT };

struct Variable {
    Space space;
    uint32_t offset;
    uint32_t bytes;
};

/* One .entry: its variables and statements; labels give the statement they precede. */
struct Entry {
    std::string name;
    std::map<std::string, Variable> variables;
    std::vector<std::pair<uint32_t, uint32_t>> parameters; /* offset, bytes */
    std::vector<Statement> statements;
    std::map<std::string, uint32_t> labels;
    std::map<int, uint32_t> specials; /* slot in the frame by Special */
    uint32_t parameter_bytes = 0;
    uint32_t shared_bytes = 0;
    uint32_t local_bytes = 0;
    uint32_t frame_bytes = 0;
    uint32_t max_threads = 1024;
};

struct Parsed {
    int target = 0; /* of .target sm_NN */
    std::vector<Entry> entries;
    std::map<uint32_t, std::string> files;
};

/* Throws LoadError. */
Parsed parse(const std::string &text);

} // namespace ptx

#endif
