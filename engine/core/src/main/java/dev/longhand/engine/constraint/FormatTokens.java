package dev.longhand.engine.constraint;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.tokenizer.TokenTable;

import java.util.ArrayDeque;

/**
 * A compiled format: the tokens that may come next after every beginning of an answer. Token sets
 * are computed when they are first needed, and the latest {@value #SETS_MAX} are kept, 19 kB each
 * for Qwen2.5. Thread-safe; all answers in the format share it.
 */
public final class FormatTokens {
    private static final int SETS_MAX = 128;

    /** Limit for the positions looked at to compute one token set: some tenths of a second. */
    private static final long WORK_MAX = 2_000_000;

    private final Automaton automaton;
    private final AutomatonStates states;
    private final VocabularyTokens vocabulary;
    private final TokenTrie trie;
    private final int[] endTokens;
    private final int firstString;
    private final int lastString;
    private final int thoughtNode;
    private final AutomatonState first;
    private final AutomatonState start;
    private final AutomatonState[] path;
    private final long[] thoughtTokens;
    private final ArrayDeque<AutomatonState> withTokens = new ArrayDeque<>();

    /**
     * Creates the tokens of a format.
     *
     * @param compiled the automaton
     * @param endTokens tokens that end an answer; empty if they are ignored
     */
    FormatTokens(CompiledFormat compiled, VocabularyTokens vocabulary, int[] endTokens) {
        automaton = compiled.automaton();
        states = new AutomatonStates(automaton);
        this.vocabulary = vocabulary;
        trie = vocabulary.trie();
        this.endTokens = endTokens.clone();
        firstString = compiled.firstString();
        lastString = compiled.lastString();
        thoughtNode = compiled.thoughtNode();
        first = states.start(compiled.first());
        start = states.start(compiled.start());
        path = new AutomatonState[trie.depthMax() + 1];
        thoughtTokens = new long[vocabulary.words()];
        for (int token = 0; token < trie.vocabulary(); token++) {
            thoughtTokens[token / Long.SIZE] |= 1L << token;
        }
        for (int token : endTokens) {
            thoughtTokens[token / Long.SIZE] &= ~(1L << token);
        }
    }

    /** Returns the heap that the format takes at most while it is used, in bytes. */
    public long bytes() {
        return automaton.bytes() + (long) SETS_MAX * vocabulary.words() * Long.BYTES;
    }

    TokenTable table() {
        return trie.table();
    }

    /** Returns the state before the first byte of the output. */
    AutomatonState first() {
        return first;
    }

    /** Returns the state before the first byte of an answer that may not begin with a thought. */
    AutomatonState start() {
        return start;
    }

    /** Whether a state is in a thought, which comes before the answer. */
    boolean inThought(AutomatonState state) {
        for (int i = 0; i < state.size(); i++) {
            if (state.node(i) == thoughtNode) {
                return true;
            }
        }
        return false;
    }

    /** Returns the state after bytes {@code from} and following of a token. */
    synchronized AutomatonState after(AutomatonState state, int token, int from) {
        AutomatonState at = state;
        if (table().isSpecial(token)) {
            return states.none();
        }
        for (int i = from; i < table().length(token) && !at.dead(); i++) {
            at = states.step(at, table().byteAt(token, i) & 0xff);
        }
        return at;
    }

    /**
     * Returns the tokens that may come next in a state, a bit for each. Do not modify.
     *
     * @throws AnswerFormatException if there is none, or computing them takes too long
     */
    synchronized long[] tokens(AutomatonState state) {
        long[] known = state.tokens();
        if (known != null) {
            return known;
        }
        long[] tokens = new long[vocabulary.words()];
        int first = 0;
        while (first < state.size() && state.node(first) < firstString) {
            first++;
        }
        int last = first;
        while (last < state.size() && state.node(last) <= lastString) {
            last++;
        }
        long limit = states.work() + WORK_MAX;
        if (first > 0) {
            walk(states.part(state, 0, first), tokens, limit);
        }
        if (last > first) {
            addStrings(state, first, last, tokens, limit);
        }
        if (last < state.size()) {
            walk(states.part(state, last, state.size()), tokens, limit);
        }
        if (state.accepting()) {
            for (int token : endTokens) {
                tokens[token / Long.SIZE] |= 1L << token;
            }
        }
        requireAny(tokens);
        keep(state, tokens);
        return tokens;
    }

    private static void requireAny(long[] tokens) {
        for (long word : tokens) {
            if (word != 0) {
                return;
            }
        }
        throw new AnswerFormatException("the format leaves no token to go on with");
    }

    private void keep(AutomatonState state, long[] tokens) {
        if (withTokens.size() == SETS_MAX) {
            withTokens.removeFirst().setTokens(null);
        }
        state.setTokens(tokens);
        withTokens.addLast(state);
    }

    private void addStrings(AutomatonState state, int first, int last, long[] tokens, long limit) {
        AutomatonState inStrings = states.part(state, first, last);
        for (int i = first; i < last; i++) {
            var string = vocabulary.inString(states, state.node(i));
            for (int word = 0; word < tokens.length; word++) {
                tokens[word] |= string.admitted()[word];
            }
            for (int token : string.open()) {
                if ((tokens[token / Long.SIZE] >>> token & 1) == 0
                        && !after(inStrings, token, 0).dead()) {
                    tokens[token / Long.SIZE] |= 1L << token;
                }
            }
            requireWithin(limit);
        }
    }

    /** Adds the tokens that may come next by a walk through the tree of all tokens. */
    private void walk(AutomatonState state, long[] tokens, long limit) {
        path[0] = state;
        int at = 0;
        while (at < trie.nodes()) {
            int depth = trie.depth(at);
            AutomatonState next = states.step(path[depth], trie.byteAt(at));
            if (next.dead()) {
                at = trie.end(at);
                continue;
            }
            for (int i = trie.firstToken(at); i < trie.endToken(at); i++) {
                tokens[trie.token(i) / Long.SIZE] |= 1L << trie.token(i);
            }
            path[depth + 1] = next;
            at++;
            requireWithin(limit);
        }
    }

    private void requireWithin(long limit) {
        if (states.work() > limit) {
            throw tooComplex();
        }
    }

    static AnswerFormatException tooComplex() {
        return new AnswerFormatException(
                "the format is too complex: its next tokens take too long to find");
    }

    /** Returns the positions that were looked at so far: the measure of work. */
    synchronized long work() {
        return states.work();
    }

    /** Returns the tokens that a thought may contain, a bit for each: all but end tokens. */
    long[] thoughtTokens() {
        return thoughtTokens;
    }
}
