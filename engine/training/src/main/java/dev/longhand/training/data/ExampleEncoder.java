package dev.longhand.training.data;

import dev.longhand.engine.chat.ChatTemplate;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.TemplateOptions;
import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.training.model.TrainingSequence;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Encodes examples with the chat template and tokenizer that also serve the model. The text up to
 * an answer is the prompt that generation sees, rendered by the same code; the answer is the rest
 * of the turn. Prompts and answers are encoded apart, as generation does. Thread-safe.
 */
public final class ExampleEncoder implements AutoCloseable {
    private static final String IM_END = "<|im_end|>";
    private static final String ENDOFTEXT = "<|endoftext|>";
    private static final String NEWLINE = "\n";
    private static final TemplateOptions CLOSED =
            new TemplateOptions(false, false, List.of(), Map.of());

    private final Path folder;
    private final @Nullable Tokenizer tokenizer;
    private final int vocabularySize;
    private final DataRules rules;
    private volatile @Nullable ChatTemplate template; // rows of token ids need none

    /**
     * Opens the tokenizer of a model folder. A folder without one takes rows of token ids only.
     *
     * @param vocabularySize rows of the embedding
     */
    public ExampleEncoder(Path folder, int vocabularySize, DataRules rules) {
        this.folder = folder;
        this.vocabularySize = vocabularySize;
        this.rules = rules;
        tokenizer = Tokenizer.open(folder).orElse(null);
    }

    /** Returns the rules. */
    public DataRules rules() {
        return rules;
    }

    private Tokenizer tokenizer() {
        if (tokenizer == null) {
            throw new InputException(
                    folder
                            + " has no tokenizer.json, so rows must be token ids (input_ids,"
                            + " labels)");
        }
        return tokenizer;
    }

    /** Returns the bytes of every token, or null if the folder has no tokenizer. */
    public @Nullable TokenTable table() {
        return tokenizer == null ? null : tokenizer.table();
    }

    /**
     * Returns a hash of the renderer: the SHA-256 of its rendering of a fixed conversation, and the
     * encoded ids of that. Models that render and encode alike have the same hash. Without a
     * tokenizer or known template it is {@code none}.
     */
    public String rendererHash() {
        ChatTemplate renderer;
        try {
            renderer = template();
        } catch (InputException e) {
            return "none"; // rows are token ids, or one of them fails with this error
        }
        if (tokenizer == null) {
            return "none";
        }
        List<ChatMessage> probe =
                List.of(
                        ChatMessage.user("What is 17 * 24?"),
                        ChatMessage.assistant("<think>\n17 * 24 = 408\n</think>\n\n408"),
                        ChatMessage.user("Sicher? \u4f60\u597d"));
        String text = renderer.render(probe, List.of(), true);
        return Sha256.hex(text + Arrays.toString(tokenizer.encode(text)));
    }

    /**
     * Encodes an example of any length.
     *
     * @throws InputException if nothing in it can be learned, or it cannot be rendered; the message
     *     begins with the source
     */
    Demonstration encode(String source, Example example) {
        try {
            Tokens tokens =
                    switch (example) {
                        case Example.Conversation conversation -> conversation(conversation);
                        case Example.Completion completion -> completion(completion);
                        case Example.Tokens given -> given(given);
                    };
            Demonstration demonstration = tokens.demonstration(source);
            if (demonstration.labels() == 0) {
                throw new InputException("has no tokens to learn");
            }
            return demonstration;
        } catch (InputException e) {
            throw new InputException(source + ": " + e.getMessage(), e);
        }
    }

    private ChatTemplate template() {
        ChatTemplate read = template;
        if (read == null) {
            read = ChatTemplate.read(folder);
            template = read;
        }
        return read;
    }

    private Tokens conversation(Example.Conversation conversation) {
        List<ChatMessage> messages = conversation.messages();
        List<Integer> answers = new ArrayList<>();
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i).role().equals("assistant")) {
                answers.add(i);
            }
        }
        if (answers.isEmpty()) {
            throw new InputException("has no turn of the assistant, so there is nothing to learn");
        }
        if (rules.turns() == LearnedTurns.LAST) {
            answers = List.of(answers.getLast());
        }
        ChatTemplate.Rendering whole =
                template()
                        .render(
                                new Prompt.Chat(
                                        messages.subList(0, answers.getLast() + 1),
                                        conversation.tools(),
                                        CLOSED));
        if (!whole.generated().isEmpty()) {
            return marked(whole);
        }
        Tokens tokens = new Tokens();
        String before = ""; // the rendering that is encoded already
        for (int answer : answers) {
            String prompt =
                    template().render(messages.subList(0, answer), conversation.tools(), true);
            String turn =
                    template().render(messages.subList(0, answer + 1), conversation.tools(), false);
            tokens.add(tokenizer().encode(rest(prompt, before)), false);
            String content = content(rest(turn, prompt));
            tokens.add(tokenizer().encode(content), true);
            before = addEnd(tokens, prompt + content);
        }
        return tokens;
    }

    /** Learns what the template marks as written by the model, with the end that the rules say. */
    private Tokens marked(ChatTemplate.Rendering whole) {
        if (rules.endToken() == EndToken.ENDOFTEXT) {
            throw new InputException(
                    "the chat template marks what is learned, its end token included, so that it"
                            + " cannot be "
                            + ENDOFTEXT);
        }
        List<ChatTemplate.Span> spans =
                rules.turns() == LearnedTurns.LAST
                        ? List.of(whole.generated().getLast())
                        : whole.generated();
        Tokens tokens = new Tokens();
        int before = 0;
        for (ChatTemplate.Span span : spans) {
            String learned = whole.text().substring(span.begin(), span.end());
            if (rules.endToken() == EndToken.IM_END && learned.endsWith(IM_END + NEWLINE)) {
                learned = learned.substring(0, learned.length() - NEWLINE.length());
            }
            tokens.add(tokenizer().encode(whole.text().substring(before, span.begin())), false);
            tokens.add(tokenizer().encode(learned), true);
            tokens.teachesEnd |= learned.stripTrailing().endsWith(IM_END);
            before = span.begin() + learned.length();
        }
        return tokens;
    }

    /** Returns a text without its beginning. */
    private static String rest(String text, String beginning) {
        if (!text.startsWith(beginning)) {
            throw new InputException(
                    "the chat template renders earlier turns otherwise when a conversation goes"
                            + " on, so only the last turn can be learned");
        }
        return text.substring(beginning.length());
    }

    /** Returns the rendering of an answer without its end. */
    private static String content(String answer) {
        if (!answer.endsWith(IM_END + NEWLINE)) {
            throw new InputException(
                    "the chat template ends an answer with "
                            + ErrorText.quote(answer.substring(Math.max(0, answer.length() - 20)))
                            + " instead of "
                            + IM_END);
        }
        return answer.substring(0, answer.length() - IM_END.length() - NEWLINE.length());
    }

    /** Adds the end of an answer. Returns the rendering up to there. */
    private String addEnd(Tokens tokens, String rendered) {
        tokens.teachesEnd = true;
        return switch (rules.endToken()) {
            case IM_END -> {
                tokens.add(special(IM_END), true);
                yield rendered + IM_END;
            }
            case IM_END_NEWLINE -> {
                tokens.add(special(IM_END), true);
                tokens.add(tokenizer().encode(NEWLINE), true);
                yield rendered + IM_END + NEWLINE;
            }
            case ENDOFTEXT -> {
                tokens.add(special(ENDOFTEXT), true);
                yield rendered + IM_END + NEWLINE;
            }
        };
    }

    private int[] special(String text) {
        int[] ids = tokenizer().encode(text);
        if (ids.length != 1) {
            throw new InputException("%s: has no token %s".formatted(folder, text));
        }
        return ids;
    }

    private Tokens completion(Example.Completion completion) {
        Tokens tokens = new Tokens();
        tokens.add(tokenizer().encode(completion.prompt()), false);
        tokens.add(tokenizer().encode(completion.completion()), true);
        addEnd(tokens, "");
        return tokens;
    }

    private Tokens given(Example.Tokens given) {
        Tokens tokens = new Tokens();
        int[] ids = given.ids();
        if (ids.length < 2) {
            throw new InputException("has %d tokens, needs 2 at least".formatted(ids.length));
        }
        for (int from = 0; from < ids.length; ) {
            boolean learned = given.labels()[from] != TrainingSequence.NO_LABEL;
            int end = from + 1;
            while (end < ids.length
                    && (given.labels()[end] != TrainingSequence.NO_LABEL) == learned) {
                end++;
            }
            tokens.add(Arrays.copyOfRange(ids, from, end), learned);
            from = end;
        }
        for (int id : ids) {
            if (id >= vocabularySize) {
                throw new InputException(
                        "token id %d is out of range: the vocabulary has %d rows"
                                .formatted(id, vocabularySize));
            }
        }
        tokens.teachesEnd = given.labels()[ids.length - 1] != TrainingSequence.NO_LABEL;
        return tokens;
    }

    @Override
    public void close() {
        if (tokenizer != null) {
            tokenizer.close();
        }
    }

    /** Ids that grow, with the ranges that are learned. */
    private static final class Tokens {
        private int[] ids = {};
        private int[] learned = {};
        private boolean teachesEnd;

        void add(int[] more, boolean learn) {
            int from = ids.length;
            ids = Arrays.copyOf(ids, from + more.length);
            System.arraycopy(more, 0, ids, from, more.length);
            if (!learn || more.length == 0) {
                return;
            }
            if (learned.length > 0 && learned[learned.length - 1] == from) {
                learned[learned.length - 1] = ids.length;
            } else {
                learned = Arrays.copyOf(learned, learned.length + 2);
                learned[learned.length - 2] = from;
                learned[learned.length - 1] = ids.length;
            }
        }

        Demonstration demonstration(String source) {
            return new Demonstration(source, ids, learned, teachesEnd);
        }
    }
}
