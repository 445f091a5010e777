package dev.longhand.engine.file;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.ToNumberPolicy;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;

import dev.longhand.engine.error.InputException;

import java.io.EOFException;
import java.io.FilterReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Pull parser for untrusted JSON: RFC 8259 in UTF-8, with limits on depth and on the length of
 * names, strings and numbers. Every method throws {@link InputException} for malformed JSON.
 */
public final class JsonStream implements AutoCloseable {
    /** Deeper than any file of a checkpoint or any sensible tool schema. */
    private static final int DEPTH_MAX = 64;

    private static final int NAME_CHARS_MAX = 4096;
    private static final int NUMBER_CHARS_MAX = 100;

    /** Many times the longest real chat templates (about 20 kB). */
    private static final int STRING_CHARS_MAX = 4 << 20;

    private static final Pattern GSON_MESSAGE =
            Pattern.compile("(.*?) at line (\\d+) column (\\d+) path .*", Pattern.DOTALL);

    private final String source;
    private final JsonReader reader;

    /**
     * Starts before the first token.
     *
     * @param source name of the JSON in error messages
     * @param json UTF-8; closed with this parser
     */
    public JsonStream(String source, InputStream json) {
        this.source = source;
        // A new decoder reports malformed bytes; a Charset would replace them by U+FFFD.
        Reader utf8 = new InputStreamReader(json, StandardCharsets.UTF_8.newDecoder());
        reader = new JsonReader(new StringLimit(utf8));
        reader.setStrictness(Strictness.STRICT);
        reader.setNestingLimit(DEPTH_MAX);
    }

    /** Kind of the next token. */
    public JsonToken peek() {
        return read(reader::peek);
    }

    /** Whether the next token is of a kind. */
    public boolean at(JsonToken kind) {
        return peek() == kind;
    }

    /** Whether the innermost object or array has another element. */
    public boolean hasNext() {
        return read(reader::hasNext);
    }

    /** Enters the object that comes next. */
    public void beginObject() {
        run(reader::beginObject);
    }

    /** Leaves the object whose end comes next. */
    public void endObject() {
        run(reader::endObject);
    }

    /** Enters the array that comes next. */
    public void beginArray() {
        run(reader::beginArray);
    }

    /** Leaves the array whose end comes next. */
    public void endArray() {
        run(reader::endArray);
    }

    /** Reads the name of a property. */
    public String name() {
        return limited("a name", read(reader::nextName), NAME_CHARS_MAX);
    }

    /** Reads a string. */
    public String string() {
        return read(reader::nextString);
    }

    /** Reads a number, as it is spelled. */
    public String number() {
        return limited("a number", read(reader::nextString), NUMBER_CHARS_MAX);
    }

    /** Reads true or false. */
    public boolean bool() {
        return read(reader::nextBoolean);
    }

    /** Skips a value and everything in it. */
    public void skip() {
        run(reader::skipValue);
    }

    /** Requires that the input ends here. */
    public void end() {
        peek(); // refuses any other token
    }

    /** Reads a value and everything in it. Refuses an object with a duplicate name. */
    public JsonElement tree() {
        return switch (peek()) {
            case BEGIN_OBJECT -> object();
            case BEGIN_ARRAY -> {
                JsonArray array = new JsonArray();
                beginArray();
                while (hasNext()) {
                    array.add(tree());
                }
                endArray();
                yield array;
            }
            case STRING -> new JsonPrimitive(string());
            case NUMBER -> {
                Number number = read(() -> ToNumberPolicy.LAZILY_PARSED_NUMBER.readNumber(reader));
                limited("a number", number.toString(), NUMBER_CHARS_MAX);
                yield new JsonPrimitive(number);
            }
            case BOOLEAN -> new JsonPrimitive(bool());
            case NULL -> {
                run(reader::nextNull);
                yield JsonNull.INSTANCE;
            }
            default -> throw malformed("a value is missing");
        };
    }

    private JsonObject object() {
        JsonObject object = new JsonObject();
        beginObject();
        while (hasNext()) {
            String name = name();
            if (object.has(name)) {
                throw malformed("the name " + ErrorText.quote(name) + " appears twice");
            }
            object.add(name, tree());
        }
        endObject();
        return object;
    }

    private String limited(String kind, String text, int charsMax) {
        if (text.length() > charsMax) {
            throw malformed("%s has more than %d characters".formatted(kind, charsMax));
        }
        return text;
    }

    private InputException malformed(String reason) {
        return new InputException(source + ": malformed JSON: " + reason);
    }

    @Override
    public void close() {
        run(reader::close);
    }

    @FunctionalInterface
    private interface Read<T> {
        T read() throws IOException;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    private void run(Step step) {
        read(
                () -> {
                    step.run();
                    return this;
                });
    }

    private <T> T read(Read<T> step) {
        try {
            return step.read();
        } catch (CharacterCodingException e) {
            throw new InputException(source + ": malformed JSON: not UTF-8", e);
        } catch (IOException | IllegalStateException e) {
            throw new InputException(source + ": malformed JSON" + reason(e), e);
        }
    }

    /** Extracts place and reason from Gson's message, which ends with advice for programmers. */
    private static String reason(Exception cause) {
        String message = String.valueOf(cause.getMessage());
        Matcher gson = GSON_MESSAGE.matcher(message);
        if (!gson.matches()) {
            return ": " + ErrorText.line(message);
        }
        String reason = gson.group(1);
        if (cause instanceof EOFException) {
            reason = "it ends early";
        } else if (reason.startsWith("Use JsonReader")) {
            reason = "unexpected text";
        }
        return " at line %s, column %s: %s"
                .formatted(gson.group(2), gson.group(3), ErrorText.line(reason));
    }

    /**
     * A reader that fails at a string that is too long, before the parser has buffered all of it.
     */
    private static final class StringLimit extends FilterReader {
        private boolean inString;
        private boolean escaped;
        private int length;

        StringLimit(Reader in) {
            super(in);
        }

        @Override
        public int read(char[] buffer, int offset, int count) throws IOException {
            int read = super.read(buffer, offset, count);
            for (int i = offset; i < offset + read; i++) {
                if (inString && !escaped) {
                    i = plainEnd(buffer, i, offset + read);
                }
                if (i < offset + read) {
                    scan(buffer[i]);
                }
            }
            return read;
        }

        /** Skips the characters of a string up to its end or the next escape; most of any text. */
        private int plainEnd(char[] buffer, int from, int end) throws IOException {
            int at = from;
            while (at < end && buffer[at] != '"' && buffer[at] != '\\') {
                at++;
            }
            length += at - from;
            requireLength();
            return at;
        }

        private void requireLength() throws IOException {
            if (length > STRING_CHARS_MAX) {
                throw new IOException("a string has more than " + STRING_CHARS_MAX + " characters");
            }
        }

        private void scan(char c) throws IOException {
            if (!inString) {
                inString = c == '"';
                length = 0;
                return;
            }
            length++;
            requireLength();
            if (escaped) {
                escaped = false;
            } else if (c == '\\') {
                escaped = true;
            } else {
                inString = c != '"';
            }
        }
    }
}
