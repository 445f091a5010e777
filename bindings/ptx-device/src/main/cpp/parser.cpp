#include "parser.h"

#include <algorithm>
#include <cctype>

#include "declarations.h"
#include "program.h"

namespace ptx {
namespace {

const char *const SPECIAL_NAMES[SPECIALS] = {
    "%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z", "%ctaid.x", "%ctaid.y",
    "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%warpid", "%nwarpid", "%smid",
    "%nsmid", "%lanemask_eq", "%lanemask_lt", "%lanemask_le", "%lanemask_gt", "%lanemask_ge",
    "%dynamic_smem_size", "%envreg1", "%envreg2"};

constexpr int PTX_MAJOR_MAX = 9; /* .version 9.x: what nvcc 13 writes */

/* More than any kernel needs, but affordable if the text is hostile. */
constexpr uint32_t FRAME_BYTES_MAX = 16u << 20;
constexpr size_t SCOPES_MAX = 64;
constexpr uint32_t BLOCK_THREADS_MAX = 1024;

struct RegisterFile {
    uint32_t offset;
    uint8_t bytes; /* of a lane; 0: predicate */
};

class Parser : Declarations {
public:
    explicit Parser(const std::string &text) : Declarations(text) {}

    Parsed run() {
        skip();
        while (at_ < text_.size()) {
            directive();
            skip();
        }
        return std::move(parsed_);
    }

private:
    uint32_t source_file_ = 0;
    uint32_t source_line_ = 0;
    Parsed parsed_;
    Entry *entry_ = nullptr;
    std::vector<std::map<std::string, RegisterFile>> scopes_;
    std::map<std::string, Variable> module_variables_;
    uint32_t module_shared_ = 0;

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
