package dev.longhand.engine;

import dev.longhand.engine.chat.ChatTemplate;
import dev.longhand.engine.error.ContextLengthException;
import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.generation.ToolCallForm;
import dev.longhand.engine.thought.MarkerChoice;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.engine.work.HeapBudget;
import dev.longhand.engine.work.Workers;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Encoder of prompts into the token ids of one model. Its constructor reads the chat template; a
 * model without a supported template still takes text and token ids.
 *
 * <p>A prompt that cannot fit into the context by its characters alone is refused before any work.
 * The prompts that are being encoded take at most a quarter of the heap together.
 */
final class PromptEncoder {
    /** Heap that a character of a prompt takes: its rendering in UTF-16, then an id at most. */
    private static final int BYTES_PER_CHARACTER = 8;

    private static final int SHORT_CHARACTERS_MAX = 64 << 10;
    private static final Workers RENDERERS = new Workers("longhand-render", 1);
    private static final HeapBudget HEAP = new HeapBudget(Runtime.getRuntime().maxMemory() / 4);
    private static final long RETRY_MILLIS = 1000;

    private final Path folder;
    private final int contextTokensMax;
    private final @Nullable Tokenizer tokenizer;
    private final int vocabularySize;
    private final @Nullable ChatTemplate template;
    private final @Nullable InputException templateFailure;
    private final @Nullable MarkerChoice markers; // null without a tokenizer
    private final Map<String, String> settings = new LinkedHashMap<>();
    private final int[] beginning; // of texts

    /**
     * Reads the chat template of a model folder.
     *
     * @param tokenizer null if the folder has none
     * @param vocabularySize number of rows of the embedding
     * @param contextTokensMax limit for prompt and output
     */
    PromptEncoder(
            Path folder, @Nullable Tokenizer tokenizer, int vocabularySize, int contextTokensMax) {
        this.folder = folder;
        this.contextTokensMax = contextTokensMax;
        this.tokenizer = tokenizer;
        this.vocabularySize = vocabularySize;
        ChatTemplate read = null;
        InputException failure = null;
        int[] begins = {};
        try {
            settings.putAll(ChatTemplate.tokenizer(folder));
            begins = tokenizer == null ? begins : beginning(tokenizer);
            read = ChatTemplate.read(folder);
            settings.put("chat_template", read.source());
        } catch (InputException e) {
            failure = e;
        }
        template = read;
        templateFailure = failure;
        beginning = begins;
        boolean thinks = read != null && read.mentions(ThoughtMarkers.THINK.end());
        markers = tokenizer == null ? null : MarkerChoice.ofModel(tokenizer, thinks);
    }

    /** Returns the ids before a text that begins a sequence, those of transformers: BOS or none. */
    private int[] beginning(Tokenizer encoder) {
        Optional<Boolean> addsBos = ChatTemplate.addsBos(folder);
        if (addsBos.isEmpty()) {
            return encoder.prefix();
        }
        String bos = addsBos.get() ? settings.get("bos_token") : null;
        return bos == null ? new int[0] : encoder.encode(bos);
    }

    /** Returns the markers that a thought may have; needs a tokenizer. */
    MarkerChoice markers(Thinking thinking) {
        return Objects.requireNonNull(markers).of(thinking, requireTokenizer());
    }

    /** Returns the tokenizer's class, its special tokens and the chat template, by their keys. */
    Map<String, String> tokenizerSettings() {
        return Collections.unmodifiableMap(settings);
    }

    private ChatTemplate chatTemplate() {
        if (template == null) {
            String message = templateFailure == null ? "" : templateFailure.getMessage();
            throw new InputException(String.valueOf(message), templateFailure);
        }
        return template;
    }

    /** How the model writes calls of functions; Qwen2.5's way without a template. */
    ToolCallForm toolCallForm() {
        return template == null ? ToolCallForm.HERMES : template.toolCallForm();
    }

    /**
     * Returns the text of a prompt; the chat template renders a conversation.
     *
     * @throws InputException if the prompt is token ids, or the template cannot render it
     */
    String text(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Ids ids -> throw new InputException("a prompt of token ids has no text");
            case Prompt.Text text -> text.text();
            case Prompt.Chat chat -> chatTemplate().render(chat).text();
        };
    }

    /**
     * Encodes a prompt, however many tokens it has.
     *
     * @throws InputException if it is empty, or the model cannot take it by its characters or ids
     * @throws EngineBusyException if the prompts that are being encoded fill their share of the
     *     heap
     */
    int[] encode(Prompt prompt) {
        return encode(prompt, Integer.MAX_VALUE);
    }

    /**
     * Encodes a prompt for a generation, which needs one more token of the context at least, unless
     * it generates none.
     *
     * @param outputMax the most tokens to generate; null is the rest of the context
     * @throws InputException as {@link #encode}, and if the context does not hold it
     * @throws EngineBusyException as {@link #encode}
     */
    int[] encodeForContext(Prompt prompt, @Nullable Integer outputMax) {
        int[] tokens = encode(prompt, contextTokensMax);
        int outputLeast = outputMax == null ? 1 : Math.min(1, outputMax);
        if (tokens.length + outputLeast > contextTokensMax) {
            throw new ContextLengthException(
                    "the prompt has %d tokens%s, the context holds %d, output included"
                            .formatted(
                                    tokens.length,
                                    tokens.length > contextTokensMax ? " or more" : "",
                                    contextTokensMax));
        }
        return tokens;
    }

    private int[] encode(Prompt prompt, int tokensMax) {
        int[] tokens =
                prompt instanceof Prompt.Ids ids
                        ? ids.ids().stream().mapToInt(Integer::intValue).toArray()
                        : encodeText(prompt, tokensMax);
        if (tokens.length == 0) {
            throw new InputException("the prompt has no tokens");
        }
        requireInVocabulary(tokens);
        return tokens;
    }

    private int[] encodeText(Prompt prompt, int tokensMax) {
        Tokenizer encoder = requireTokenizer();
        requireRoom(encoder, verbatim(prompt), characters(prompt));
        // One prompt is always admitted, so that each has its turn.
        long bytes = Math.min(BYTES_PER_CHARACTER * characters(prompt), HEAP.bytesMax());
        if (!HEAP.take(bytes)) {
            throw new EngineBusyException(
                    "the prompts that are being encoded fill their share of the heap",
                    RETRY_MILLIS);
        }
        try {
            int[] tokens = encoder.encode(renderedText(encoder, prompt), tokensMax);
            return prompt instanceof Prompt.Text text && text.begins() ? begun(tokens) : tokens;
        } finally {
            HEAP.giveBack(bytes);
        }
    }

    private int[] begun(int[] tokens) {
        int length = beginning.length;
        if (length == 0 || Arrays.mismatch(beginning, tokens) >= length) {
            return tokens;
        }
        int[] begun = Arrays.copyOf(beginning, length + tokens.length);
        System.arraycopy(tokens, 0, begun, length, tokens.length);
        return begun;
    }

    /** Renders a prompt on a thread of its own if that takes more than some milliseconds. */
    private String renderedText(Tokenizer encoder, Prompt prompt) {
        return characters(prompt) <= SHORT_CHARACTERS_MAX
                ? checkedText(encoder, prompt)
                : RENDERERS.call(() -> checkedText(encoder, prompt));
    }

    private String checkedText(Tokenizer encoder, Prompt prompt) {
        String text = text(prompt);
        requireRoom(encoder, List.of(text), text.length());
        return text;
    }

    private void requireRoom(Tokenizer encoder, List<String> texts, long characters) {
        double tokens = 0;
        for (String text : texts) {
            tokens += encoder.tokensAtLeast(text, contextTokensMax - tokens);
        }
        if (tokens >= contextTokensMax) {
            throw new ContextLengthException(
                    "the prompt has %d characters, at least %d tokens; the context holds %d, output included"
                            .formatted(characters, contextTokensMax, contextTokensMax));
        }
    }

    /** Returns texts that any template renders: it may leave out thoughts of the assistant. */
    private static List<String> verbatim(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Ids ids -> List.of();
            case Prompt.Text text -> List.of(text.text());
            case Prompt.Chat chat -> {
                List<String> texts = new ArrayList<>();
                for (ChatMessage message : chat.messages()) {
                    String content = message.content();
                    if (content != null && !message.role().equals("assistant")) {
                        texts.add(content.strip());
                    }
                }
                yield texts;
            }
        };
    }

    /** Returns the length of all texts of a prompt, before the template renders them. */
    private static long characters(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Ids ids -> 0;
            case Prompt.Text text -> text.text().length();
            case Prompt.Chat chat -> ChatTemplate.characters(chat);
        };
    }

    /**
     * Checks that the embedding has a row for each token.
     *
     * @throws InputException if a token has no row
     */
    void requireInVocabulary(int[] tokens) {
        for (int token : tokens) {
            if (token < 0 || token >= vocabularySize) {
                throw new InputException(
                        "token id %d is out of range: the vocabulary has %d rows"
                                .formatted(token, vocabularySize));
            }
        }
    }

    private Tokenizer requireTokenizer() {
        if (tokenizer == null) {
            throw new InputException(
                    "%s has no tokenizer.json; give token ids instead".formatted(folder));
        }
        return tokenizer;
    }
}
