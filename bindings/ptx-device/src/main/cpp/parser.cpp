#include "parser.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <set>

#include "program.h"

namespace ptx {
namespace {

const char *const SPECIAL_NAMES[SPECIALS] = {
    "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y",
    "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%warpid", "%nwarpid", "%smid",
    "%nsmid", "%lanemask_eq", "%lanemask_lt", "%lanemask_le", "%lanemask_gt", "%lanemask_ge",
    "%dynamic_smem_size", "%envreg1", "%envreg2"};

constexpr int PTX_MAJOR_MAX = 9; /* .version 9.x: what nvcc 13 writes */

/* Beyond what any kernel needs, within what a hostile text may cost. */
constexpr uint32_t FRAME_BYTES_MAX = 16u << 20;
constexpr uint64_t MEMORY_BYTES_MAX = 1u << 20; /* of shared or local variables, or parameters */
constexpr uint64_t ALIGNMENT_MAX = 1u << 12;
constexpr size_t SCOPES_MAX = 64;
constexpr uint32_t BLOCK_THREADS_MAX = 1024;

struct RegisterFile {
    uint32_t offset;
    uint8_t bytes; /* of a lane; 0: predicate */
};

class Parser {
public:
    explicit Parser(const std::string &text) : text_(text) {}

    Parsed run() {
        skip();
        while (at_ < text_.size()) {
            directive();
            skip();
        }
        return std::move(parsed_);
    }

private:
    const std::string &text_;
    size_t at_ = 0;
    uint32_t line_ = 1;
    uint32_t source_file_ = 0;
    uint32_t source_line_ = 0;
    Parsed parsed_;
    Entry *entry_ = nullptr;
    std::vector<std::map<std::string, RegisterFile>> scopes_;
    std::map<std::string, Variable> module_variables_;
    uint32_t module_shared_ = 0;

    [[noreturn]] void fail(const std::string &what) const {
        throw LoadError("PTX line " + std::to_string(line_) + ": " + what);
    }

    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    void next() {
        if (at_ >= text_.size()) {
            fail("unexpected end");
        }
        if (text_[at_] == '\n') {
            line_++;
        }
        at_++;
    }

    void skip() {
        while (at_ < text_.size()) {
            if (isspace(static_cast<unsigned char>(peek()))) {
                next();
            } else if (text_.compare(at_, 2, "//") == 0) {
                skip_line();
            } else if (text_.compare(at_, 2, "/*") == 0) {
                while (text_.compare(at_, 2, "*/") != 0) {
                    next();
                }
                at_ += 2;
            } else {
                return;
            }
        }
    }

    void skip_line() {
        while (at_ < text_.size() && peek() != '\n') {
            next();
        }
    }

    static bool word_char(char c) {
        return isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '.' || c == '%';
    }

    std::string word() {
        skip();
        size_t from = at_;
        while (word_char(peek()) || (peek() == ':' && text_.compare(at_, 2, "::") == 0)) {
            at_ += peek() == ':' ? 2 : 1;
        }
        if (from == at_) {
            fail(std::string("unexpected '") + peek() + "'");
        }
        return text_.substr(from, at_ - from);
    }

    bool take(char c) {
        skip();
        if (peek() != c) {
            return false;
        }
        next();
        return true;
    }

    void expect(char c) {
        if (!take(c)) {
            fail(std::string("expected '") + c + "', found '" + peek() + "'");
        }
    }

    /* All of the digits as a number of a base. */
    uint64_t digits_of(const std::string &digits, uint64_t base) const {
        uint64_t value = 0;
        for (char c : digits) {
            uint64_t digit = isdigit(static_cast<unsigned char>(c))    ? static_cast<uint64_t>(c - '0')
                             : isxdigit(static_cast<unsigned char>(c)) ? static_cast<uint64_t>((c | 32) - 'a' + 10)
                                                                       : base;
            if (digit >= base || value > (~0ull - digit) / base) {
                fail("not a number: " + digits);
            }
            value = value * base + digit;
        }
        if (digits.empty()) {
            fail("not a number");
        }
        return value;
    }

    /* Decimal, 0x, 0b or octal, with or without a U behind it. */
    uint64_t integer(std::string digits) const {
        if (digits.back() == 'U') {
            digits.pop_back();
        }
        bool prefixed = digits.size() > 1 && digits[0] == '0';
        char prefix = prefixed ? static_cast<char>(digits[1] | 32) : '\0';
        return prefix == 'x'   ? digits_of(digits.substr(2), 16)
               : prefix == 'b' ? digits_of(digits.substr(2), 2)
                               : digits_of(digits, prefixed ? 8 : 10);
    }

    uint64_t number() {
        skip();
        bool negative = take('-');
        uint64_t value = integer(word());
        return negative ? 0 - value : value;
    }

    uint32_t alignment() {
        uint64_t value = number();
        if (value == 0 || value > ALIGNMENT_MAX || (value & (value - 1)) != 0) {
            fail("unknown alignment " + std::to_string(value));
        }
        return static_cast<uint32_t>(value);
    }

    /* The bytes of an array behind what is used already. */
    uint32_t end_of(uint32_t offset, uint32_t element, uint64_t count) const {
        if (count > MEMORY_BYTES_MAX || offset + element * count > MEMORY_BYTES_MAX) {
            fail("too much memory");
        }
        return static_cast<uint32_t>(offset + element * count);
    }

    /* ---- module level ---- */

    void directive() {
        std::string first = word();
        if (first == ".version") {
            std::string version = word();
            if (std::stoi(version) > PTX_MAJOR_MAX) {
                throw LoadError("PTX version " + version + " is newer than this driver", 222);
            }
        } else if (first == ".target") {
            std::string target = word();
            if (target.compare(0, 3, "sm_") != 0 || !isdigit(target[3])) {
                fail("unknown target " + target);
            }
            parsed_.target = std::stoi(target.substr(3));
            skip_line();
        } else if (first == ".address_size") {
            skip_line();
        } else if (first == ".file") {
            file();
        } else if (first == ".section") {
            block();
        } else if (first == ".visible" || first == ".extern" || first == ".weak") {
            skip();
        } else if (first == ".entry") {
            entry();
        } else if (first == ".shared" || first == ".global" || first == ".const") {
            variable(first, module_variables_, module_shared_);
        } else {
            fail("unknown directive " + first);
        }
    }

    void file() {
        uint32_t number_of = static_cast<uint32_t>(number());
        expect('"');
        size_t from = at_;
        while (peek() != '"' && peek() != '\n') {
            next();
        }
        std::string path = text_.substr(from, at_ - from);
        parsed_.files[number_of] = path.substr(path.rfind('/') + 1);
        skip_line();
    }

    void block() {
        while (peek() != '{') {
            next();
        }
        while (peek() != '}') {
            next();
        }
        next();
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

    /* Of something in memory: no predicate. */
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
            into[name] = {where, NONE, 0}; /* behind all static ones */
            return;
        }
        bytes_used = end_of(offset, bytes, count);
        into[name] = {where, offset, bytes_used - offset};
    }

    /* ---- kernels ---- */

    void entry() {
        parsed_.entries.emplace_back();
        entry_ = &parsed_.entries.back();
        entry_->name = word();
        entry_->shared_bytes = module_shared_;
        entry_->variables = module_variables_;
        if (take('(')) {
            while (!take(')')) {
                parameter();
                take(',');
            }
        }
        skip();
        while (peek() != '{') {
            std::string bound = word();
            uint64_t threads = 1;
            do {
                threads = std::min<uint64_t>(threads * std::min<uint64_t>(number(), 1u << 31), 1u << 31);
            } while (take(','));
            if (bound == ".maxntid" || bound == ".reqntid") {
                entry_->max_threads = static_cast<uint32_t>(std::min<uint64_t>(threads, BLOCK_THREADS_MAX));
            }
            skip();
        }
        expect('{');
        scopes_.assign(1, {});
        while (!scopes_.empty()) {
            body();
        }
        entry_->labels.emplace("", static_cast<uint32_t>(entry_->statements.size()));
    }

    void parameter() {
        if (word() != ".param") {
            fail("expected .param");
        }
        std::string token = word();
        uint32_t wanted = 0;
        if (token == ".align") {
            wanted = alignment();
            token = word();
        }
        uint32_t bytes = element(token);
        std::string name = word();
        while (name[0] == '.') { /* .ptr .global .align N */
            name = word();
            if (isdigit(static_cast<unsigned char>(name[0]))) {
                name = word();
            }
        }
        uint32_t offset = aligned(entry_->parameter_bytes, wanted == 0 ? bytes : wanted);
        uint64_t count = 1;
        if (take('[')) {
            count = number();
            expect(']');
        }
        entry_->parameter_bytes = end_of(offset, bytes, count);
        bytes = entry_->parameter_bytes - offset;
        entry_->variables[name] = {Space::PARAM, offset, bytes};
        entry_->parameters.emplace_back(offset, bytes);
    }

    uint32_t slot(uint32_t bytes) {
        uint32_t offset = entry_->frame_bytes;
        entry_->frame_bytes += bytes == 0 ? 64 : bytes * LANES;
        if (entry_->frame_bytes > FRAME_BYTES_MAX) {
            fail("too many registers");
        }
        return offset;
    }

    void body() {
        skip();
        if (take('{')) {
            if (scopes_.size() >= SCOPES_MAX) {
                fail("too many scopes");
            }
            scopes_.emplace_back();
            return;
        }
        if (take('}')) {
            scopes_.pop_back();
            return;
        }
        if (peek() == '@') {
            instruction();
            return;
        }
        size_t before = at_;
        std::string first = word();
        if (first == ".reg") {
            registers();
        } else if (first == ".loc") {
            source_file_ = static_cast<uint32_t>(number());
            source_line_ = static_cast<uint32_t>(number());
            skip_line();
        } else if (first == ".shared") {
            variable(first, entry_->variables, entry_->shared_bytes);
        } else if (first == ".local") {
            variable(first, entry_->variables, entry_->local_bytes);
        } else if (first == ".pragma") {
            while (peek() != ';') {
                next();
            }
            next();
        } else if (first[0] == '.') {
            fail("unknown directive " + first);
        } else if (take(':')) {
            entry_->labels[first] = static_cast<uint32_t>(entry_->statements.size());
        } else {
            at_ = before;
            instruction();
        }
    }

    void registers() {
        uint32_t bytes = type();
        uint8_t lane = bytes == 0 ? 0 : bytes == 8 ? 8 : 4;
        do {
            std::string name = word();
            if (take('<')) {
                uint64_t count = number();
                expect('>');
                for (uint64_t i = 0; i < count; i++) {
                    scopes_.back()[name + std::to_string(i)] = {slot(lane), lane};
                }
            } else {
                scopes_.back()[name] = {slot(lane), lane};
            }
        } while (take(','));
        expect(';');
    }

    void instruction() {
        Statement statement{};
        statement.guard = NONE;
        statement.line = line_;
        statement.source_file = source_file_;
        statement.source_line = source_line_;
        if (take('@')) {
            statement.guard_negated = take('!');
            RegisterFile guard = reg(word());
            if (guard.bytes != 0) {
                fail("a guard has to be a predicate");
            }
            statement.guard = guard.offset;
        }
        statement.opcode = word();
        skip();
        while (!take(';')) {
            statement.operands.push_back(operand());
            if (take('|')) { /* d|p and p|q: two results */
                statement.operands.push_back(operand());
            }
            take(',');
        }
        entry_->statements.push_back(std::move(statement));
    }

    /* The register of a name in the innermost scope that has it, or null. */
    const RegisterFile *known(const std::string &name) const {
        for (size_t i = scopes_.size(); i-- > 0;) {
            auto found = scopes_[i].find(name);
            if (found != scopes_[i].end()) {
                return &found->second;
            }
        }
        return nullptr;
    }

    RegisterFile reg(const std::string &name) const {
        const RegisterFile *found = known(name);
        if (found == nullptr) {
            fail("unknown register " + name);
        }
        return *found;
    }

    Operand operand(bool nested = false) {
        skip();
        Operand result;
        if (nested && (peek() == '{' || peek() == '[')) {
            fail("an operand inside an operand");
        }
        if (take('{')) {
            result.kind = Operand::VECTOR;
            do {
                result.elements.push_back(operand(true));
            } while (take(','));
            expect('}');
        } else if (take('[')) {
            result.kind = Operand::MEMORY;
            result.elements.push_back(operand(true));
            skip();
            if (take('+')) {
                result.displacement = static_cast<int64_t>(number());
            }
            expect(']');
        } else if (take('!')) {
            result = named(word());
            result.negated = true;
        } else if (peek() == '-' || isdigit(static_cast<unsigned char>(peek()))) {
            immediate(result);
        } else {
            result = named(word());
        }
        return result;
    }

    void immediate(Operand &result) {
        result.kind = Operand::IMMEDIATE;
        bool negative = take('-');
        std::string digits = word();
        if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'f' || digits[1] == 'F')) {
            result.bits = digits_of(digits.substr(2), 16);
        } else if (digits.size() > 2 && digits[0] == '0' && (digits[1] == 'd' || digits[1] == 'D')) {
            result.bits = digits_of(digits.substr(2), 16);
            result.is_double = true;
        } else {
            result.bits = integer(digits);
        }
        if (negative) {
            result.bits = 0 - result.bits;
        }
    }

    Operand named(const std::string &name) {
        Operand result;
        result.name = name;
        if (name == "_") {
            result.kind = Operand::SINK;
        } else if (name == "WARP_SZ") {
            result.kind = Operand::IMMEDIATE;
            result.bits = LANES;
        } else if (name[0] == '%' && special(name, result)) {
            result.kind = Operand::SPECIAL;
        } else if (entry_->variables.count(name) != 0) {
            result.kind = Operand::SYMBOL;
        } else if (name[0] == '$') {
            result.kind = Operand::LABEL;
        } else {
            RegisterFile file_of = reg_or_label(name, result);
            result.offset = file_of.offset;
            result.bytes = file_of.bytes;
        }
        return result;
    }

    RegisterFile reg_or_label(const std::string &name, Operand &result) const {
        if (name[0] != '%' && known(name) == nullptr) {
            result.kind = Operand::LABEL;
            return {0, 0};
        }
        RegisterFile found = reg(name);
        result.kind = found.bytes == 0 ? Operand::PREDICATE : Operand::REGISTER;
        return found;
    }

    bool special(const std::string &name, Operand &result) {
        for (int i = 0; i < SPECIALS; i++) {
            if (name == SPECIAL_NAMES[i]) {
                auto known = entry_->specials.find(i);
                if (known == entry_->specials.end()) {
                    known = entry_->specials.emplace(i, slot(4)).first;
                }
                result.offset = known->second;
                result.bytes = 4;
                return true;
            }
        }
        return false;
    }
};

} // namespace

Parsed parse(const std::string &text) { return Parser(text).run(); }

} // namespace ptx
