package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ToolCallForm;
import dev.longhand.service.Tools;

import java.util.ArrayList;
import java.util.List;

/**
 * Separates function calls from text while an answer streams, in the form that the model's chat
 * template shows. A malformed call stays text.
 */
abstract class ToolCallReader {
    private final int callsMax;
    private final StringBuilder pending = new StringBuilder();
    private final StringBuilder text = new StringBuilder();
    private final List<Call> calls = new ArrayList<>();
    private int found;

    /** A call: a function name, and the arguments as JSON. */
    record Call(String name, String arguments) {}

    /** Creates a reader that drops calls beyond {@code callsMax}. */
    ToolCallReader(int callsMax) {
        this.callsMax = callsMax;
    }

    /**
     * Returns a reader.
     *
     * @param tools the functions that may be called
     */
    static ToolCallReader of(ToolCallForm form, Tools tools) {
        int most = tools.callsMax();
        return switch (form) {
            case HERMES -> MarkedCallReader.hermes(most);
            case FUNCTION_XML ->
                    MarkedCallReader.functionXml(most, new FunctionXml(tools.schemas()));
            case DEEPSEEK -> MarkedCallReader.deepSeek(most);
            case LLAMA -> new LlamaCallReader(most);
            case MISTRAL -> new MistralCallReader(most);
        };
    }

    /** Whether a form has markers that are control tokens in some vocabularies. */
    static boolean hasControlTokens(ToolCallForm form) {
        return switch (form) {
            case HERMES, FUNCTION_XML -> false;
            case DEEPSEEK, LLAMA, MISTRAL -> true;
        };
    }

    /** Appends text of the answer. */
    final void append(String more) {
        pending.append(more);
        boolean progress = true;
        while (progress) {
            progress = advance(pending);
        }
    }

    /** Reads on; returns whether it may read more of what is pending. */
    abstract boolean advance(StringBuilder pending);

    /** Ends the answer; pending characters become text. */
    final void finish() {
        end(pending);
        moveText(pending.length());
    }

    /** Reads what is pending for the last time. */
    abstract void end(StringBuilder pending);

    /** Makes the first pending characters text. */
    final void moveText(int characters) {
        text.append(pending, 0, characters);
        pending.delete(0, characters);
    }

    /** Makes a malformed call text. */
    final void addText(String malformed) {
        text.append(malformed);
    }

    final void addCall(Call call) {
        if (found++ < callsMax) {
            calls.add(call);
        }
    }

    /** Parses a call, or returns false if the model made a mistake. */
    final boolean tryCalls(CallParser parser, String body) {
        try {
            parser.parse(body).forEach(this::addCall);
            return true;
        } catch (InputException e) { // the client sees it as text
            return false;
        }
    }

    /** Parses the text of a call, or of several. */
    @FunctionalInterface
    interface CallParser {
        /**
         * Returns the calls.
         *
         * @throws InputException if the text is none
         */
        List<Call> parse(String body);
    }

    /** Deletes blanks at the beginning of the pending text; returns whether something is left. */
    static boolean skipBlanks(StringBuilder pending) {
        int blanks = 0;
        while (blanks < pending.length() && Character.isWhitespace(pending.charAt(blanks))) {
            blanks++;
        }
        pending.delete(0, blanks);
        return !pending.isEmpty();
    }

    /** The length of the longest suffix of the text that is a prefix of the word. */
    static int beginning(CharSequence text, String word) {
        int longest = Math.min(text.length(), word.length() - 1);
        for (int length = longest; length > 0; length--) {
            if (word.startsWith(
                    text.subSequence(text.length() - length, text.length()).toString())) {
                return length;
            }
        }
        return 0;
    }

    /** Removes and returns the final text, without blanks that follow a call. */
    final String takeText() {
        String taken = text.toString();
        text.setLength(0);
        return taken;
    }

    /** Removes and returns the complete calls. */
    final List<Call> takeCalls() {
        List<Call> taken = List.copyOf(calls);
        calls.clear();
        return taken;
    }

    /** Whether the answer has contained a call. */
    final boolean called() {
        return found > 0;
    }
}
