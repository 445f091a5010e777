package dev.longhand.engine.constraint;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * The tokens of a vocabulary, and the token sets within JSON strings, which serve all formats: a
 * string admits nearly every token, so they take the longest to compute. Thread-safe.
 */
final class VocabularyTokens {
    private final TokenTrie trie;
    private final @Nullable StringTokens[] strings = new StringTokens[JsonRules.nodes()];

    /** The tokens that may come next at a node of a string, whatever follows the string. */
    static final class StringTokens {
        private final long[] admitted;
        private final int[] open;

        private StringTokens(long[] admitted, int[] open) {
            this.admitted = admitted;
            this.open = open;
        }

        /** Returns the tokens that may come next in any case, a bit for each. */
        long[] admitted() {
            return admitted;
        }

        /** Returns tokens that go on after the end of the string, which decides about them. */
        int[] open() {
            return open;
        }
    }

    VocabularyTokens(TokenTrie trie) {
        this.trie = trie;
    }

    TokenTrie trie() {
        return trie;
    }

    /** Returns the number of words of a token set. */
    int words() {
        return Math.ceilDiv(trie.vocabulary(), Long.SIZE);
    }

    /** Returns the tokens at a node of the JSON rules for strings, with which a format begins. */
    synchronized StringTokens inString(AutomatonStates states, int node) {
        StringTokens known = strings[node];
        if (known == null) {
            known = compute(states, node);
            strings[node] = known;
        }
        return known;
    }

    private StringTokens compute(AutomatonStates states, int node) {
        long[] admitted = new long[words()];
        int[] open = new int[64];
        int opens = 0;
        int escapeEnd = 0;
        AutomatonState[] path = new AutomatonState[trie.depthMax() + 1];
        path[0] = states.unknownCaller(node);
        int at = 0;
        while (at < trie.nodes()) {
            int depth = trie.depth(at);
            AutomatonState state = states.step(path[depth], trie.byteAt(at));
            if (state.dead()) {
                int end = trie.end(at);
                int last = at < escapeEnd ? trie.firstToken(end) : trie.firstToken(at);
                for (int i = trie.firstToken(at); i < last; i++) {
                    open = opens == open.length ? Arrays.copyOf(open, 2 * opens) : open;
                    open[opens++] = trie.token(i);
                }
                at = end;
                continue;
            }
            for (int i = trie.firstToken(at); i < trie.endToken(at); i++) {
                admitted[trie.token(i) / Long.SIZE] |= 1L << trie.token(i);
            }
            escapeEnd = state.escaped() ? Math.max(escapeEnd, trie.end(at)) : escapeEnd;
            path[depth + 1] = state;
            at++;
        }
        return new StringTokens(admitted, Arrays.copyOf(open, opens));
    }
}
