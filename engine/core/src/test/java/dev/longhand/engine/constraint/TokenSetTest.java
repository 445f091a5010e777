package dev.longhand.engine.constraint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.QwenTokenizerFiles;
import dev.longhand.engine.generation.AnswerFormat;
import dev.longhand.engine.generation.ToolCallForm;
import dev.longhand.engine.tokenizer.TokenTable;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Token sets over Qwen2.5's vocabulary, and random answers that they allow. */
class TokenSetTest {
    private static final int END = 151_645; // <|im_end|>
    private static final int ANSWER_TOKENS_MAX = 400;

    private static final String PERSON =
            """
            {"type":"object","additionalProperties":false,"required":["name","age","tags"],
            "properties":{"name":{"type":"string","maxLength":12},"age":{"type":"integer","minimum":0,
            "maximum":130},"born":{"type":"string","format":"date"},"tags":{"type":"array","maxItems":3,
            "items":{"enum":["a","b","a b"]}},"ok":{"type":["boolean","null"]}}}\
            """;

    private static TokenTable table;
    private static VocabularyTokens vocabulary;

    @BeforeAll
    static void readVocabulary() {
        table = TokenTable.read(QwenTokenizerFiles.require().resolve("tokenizer.json"));
        vocabulary = new VocabularyTokens(new TokenTrie(table, table.size()));
    }

    private static FormatTokens tokens(AnswerFormat format) {
        return new FormatTokens(
                FormatCompiler.compile(format, ToolCallForm.HERMES, null),
                vocabulary,
                new int[] {END});
    }

    private static boolean has(long[] set, int token) {
        return (set[token / Long.SIZE] >>> token & 1) != 0;
    }

    @Test
    void treeHasEveryTokenWithText() {
        TokenTrie trie = vocabulary.trie();
        int found = 0;
        for (int node = 0; node < trie.nodes(); node++) {
            for (int i = trie.firstToken(node); i < trie.endToken(node); i++) {
                assertEquals(trie.depth(node) + 1, table.length(trie.token(i)));
                assertEquals(
                        trie.byteAt(node), table.byteAt(trie.token(i), trie.depth(node)) & 0xff);
                found++;
            }
        }
        int withText = 0;
        for (int token = 0; token < table.size(); token++) {
            withText += table.length(token) > 0 && !table.isSpecial(token) ? 1 : 0;
        }
        assertEquals(withText, found);
    }

    @Test
    void aTokenIsInTheSetIfItsBytesFit() {
        List<AnswerFormat> formats =
                List.of(
                        AnswerFormat.jsonObject(),
                        AnswerFormat.jsonSchema(PERSON),
                        AnswerFormat.regex("(\\w+ )*[^\"]{3,5}\\.?"));
        List<String> beginnings =
                List.of("", "{", "{\"", "{\"name\": \"a", "{\"a\": [{\"b\": \"x\\", "ab cd ");
        for (AnswerFormat format : formats) {
            FormatTokens tokens = tokens(format);
            for (String beginning : beginnings) {
                AutomatonState state = after(tokens, beginning);
                if (state.dead()) {
                    continue;
                }
                long[] set = tokens.tokens(state);
                for (int token = 0; token < table.size(); token++) {
                    boolean fits =
                            token == END
                                    ? state.accepting()
                                    : table.length(token) > 0
                                            && !tokens.after(state, token, 0).dead();
                    assertEquals(fits, has(set, token), beginning + " + " + token);
                }
            }
        }
    }

    private static AutomatonState after(FormatTokens tokens, String text) {
        AutomatonState state = tokens.start();
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            state = tokens.after(state, byteToken(each), 0);
        }
        return state;
    }

    private static int byteToken(byte value) {
        for (int token = 0; token < 256; token++) {
            if (table.length(token) == 1 && table.byteAt(token, 0) == value) {
                return token;
            }
        }
        throw new AssertionError("no token for byte " + value);
    }

    @Test
    void randomAnswersAreInTheFormat() {
        List<AnswerFormat> formats =
                List.of(
                        AnswerFormat.jsonSchema(PERSON),
                        AnswerFormat.regex("[A-C]{2,4}(-\\d{1,3}){1,2}|é+x{0,3}"),
                        AnswerFormat.choice(List.of("red", "reddish", "blue", "grün")),
                        AnswerFormat.jsonSchema(
                                "{\"type\":\"array\",\"items\":{\"type\":\"number\",\"minimum\":-3,"
                                    + "\"exclusiveMaximum\":17},\"minItems\":2,\"maxItems\":4}"));
        SplittableRandom random = new SplittableRandom(7);
        for (AnswerFormat format : formats) {
            FormatTokens tokens = tokens(format);
            FormatText texts = new FormatText(format);
            for (int i = 0; i < 60; i++) {
                String answer = randomAnswer(tokens, random);
                assertTrue(texts.accepts(answer), format + ": " + answer);
                if (format instanceof AnswerFormat.Regex(String expression)) {
                    assertTrue(answer.matches(expression), answer);
                }
            }
        }
    }

    /** Draws tokens from the sets, mostly the shortest path out, until the answer may end. */
    private static String randomAnswer(FormatTokens tokens, SplittableRandom random) {
        AutomatonState state = tokens.start();
        List<Byte> bytes = new ArrayList<>();
        for (int i = 0; i < ANSWER_TOKENS_MAX; i++) {
            long[] set = tokens.tokens(state);
            if (state.accepting() && (state.complete() || random.nextInt(3) == 0)) {
                return text(bytes);
            }
            int token = draw(set, random);
            for (int b = 0; b < table.length(token); b++) {
                bytes.add(table.byteAt(token, b));
            }
            state = tokens.after(state, token, 0);
            assertFalse(state.dead());
        }
        throw new AssertionError("no end: " + text(bytes));
    }

    private static int draw(long[] set, SplittableRandom random) {
        int from = random.nextInt(table.size());
        for (int i = 0; i < table.size(); i++) {
            int token = (from + i) % table.size();
            if (has(set, token) && token != END) {
                return token;
            }
        }
        throw new AssertionError("the set is empty");
    }

    private static String text(List<Byte> bytes) {
        byte[] array = new byte[bytes.size()];
        for (int i = 0; i < array.length; i++) {
            array[i] = bytes.get(i);
        }
        return new String(array, StandardCharsets.UTF_8);
    }

    @Test
    void setsAreComputedAgainAfterManyOthers() {
        FormatTokens tokens = tokens(AnswerFormat.jsonSchema(PERSON));
        long[] first = tokens.tokens(tokens.start()).clone();
        AutomatonState state = after(tokens, "{\"name\": \"");
        for (int i = 0; i < 300; i++) {
            tokens.tokens(after(tokens, "{\"name\": \"" + "x".repeat(i % 12)));
        }
        FormatTokens any = tokens(AnswerFormat.regex("a{400}"));
        for (int i = 0; i < 399; i++) {
            any.tokens(after(any, "a".repeat(i)));
        }
        assertArrayEquals(first, tokens.tokens(tokens.start()));
        assertTrue(has(tokens.tokens(state), byteToken((byte) 'x')));
    }
}
