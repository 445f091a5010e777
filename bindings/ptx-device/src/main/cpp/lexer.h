/* PTX text as words, numbers and punctuation. */
#ifndef PTX_LEXER_H
#define PTX_LEXER_H

#include <cctype>
#include <cstdint>
#include <string>

#include "program.h"

namespace ptx {

class Lexer {
protected:
    explicit Lexer(const std::string &text) : text_(text) {}

    const std::string &text_;
    size_t at_ = 0;
    uint32_t line_ = 1;

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
            auto plain = static_cast<unsigned char>(c);
            uint64_t digit = isdigit(plain)    ? static_cast<uint64_t>(c - '0')
                             : isxdigit(plain) ? static_cast<uint64_t>((c | 32) - 'a' + 10)
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

    /* Decimal, 0x, 0b or octal, with or without a U at the end. */
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
};

} // namespace ptx

#endif
