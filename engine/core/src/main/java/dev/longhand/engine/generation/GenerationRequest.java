package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.sampling.SamplingParams;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Request for one generation. Begin with a prompt: {@link #chat(String)}, {@link #text} or {@link
 * #ids}. Each {@code with} method returns a changed copy.
 */
public final class GenerationRequest implements Cloneable {
    /** Limit for the stop strings of a request. */
    public static final int STOPS_MAX = 16;

    /** Limit for a stop string, in characters. */
    public static final int STOP_CHARACTERS_MAX = 1024;

    /** Limit for the stop tokens of a request. */
    public static final int STOP_TOKENS_MAX = 128;

    private Prompt prompt;
    private @Nullable Integer maxTokens;
    private @Nullable Integer promptLogprobs;
    private int promptLogprobsFrom = 1;
    private SamplingOptions sampling = SamplingOptions.DEFAULT;
    private List<String> stops = List.of();
    private boolean stopInThought;
    private List<Integer> stopTokens = List.of();
    private boolean stopIncluded;
    private boolean controlText;
    private int minTokens;
    private boolean ignoreEos;
    private @Nullable String adapter;
    private @Nullable Speculation speculation;
    private Thinking thinking = Thinking.DEFAULT;
    private @Nullable LoopRule loopRule;
    private Timeouts timeouts = Timeouts.NONE;
    private @Nullable AnswerFormat answerFormat;

    private GenerationRequest(Prompt prompt) {
        this.prompt = prompt;
    }

    /** Creates a request that continues a text. */
    public static GenerationRequest text(String text) {
        return of(new Prompt.Text(text));
    }

    /** Creates a request that continues token ids. */
    public static GenerationRequest ids(List<Integer> ids) {
        return of(new Prompt.Ids(ids));
    }

    /** Creates a request for the answer to a user message. */
    public static GenerationRequest chat(String userMessage) {
        return chat(List.of(ChatMessage.user(userMessage)));
    }

    /** Creates a request for the answer to a conversation. */
    public static GenerationRequest chat(List<ChatMessage> messages) {
        return of(new Prompt.Chat(messages, List.of()));
    }

    /** Creates a request that continues any prompt. */
    public static GenerationRequest of(Prompt prompt) {
        return new GenerationRequest(prompt);
    }

    /**
     * Sets the instructions of a conversation: its first message, in place of a system message that
     * is there.
     *
     * @throws InputException if the prompt is not a conversation
     */
    public GenerationRequest withSystem(String instructions) {
        Prompt.Chat chat = requireChat("a system message");
        List<ChatMessage> messages = new ArrayList<>(chat.messages());
        if (!messages.isEmpty() && messages.getFirst().role().equals("system")) {
            messages.removeFirst();
        }
        messages.addFirst(ChatMessage.system(instructions));
        return with(copy -> copy.prompt = new Prompt.Chat(messages, chat.tools(), chat.options()));
    }

    /**
     * Sets the functions that the model may call.
     *
     * @param schemas JSON function schemas, as in OpenAI's {@code tools}
     * @throws InputException if the prompt is not a conversation
     */
    public GenerationRequest withTools(List<String> schemas) {
        Prompt.Chat chat = requireChat("tools");
        return with(
                copy -> copy.prompt = new Prompt.Chat(chat.messages(), schemas, chat.options()));
    }

    /**
     * Sets what the chat template is told besides messages and tools.
     *
     * @throws InputException if the prompt is not a conversation
     */
    public GenerationRequest withTemplateOptions(TemplateOptions options) {
        Prompt.Chat chat = requireChat("template options");
        return with(copy -> copy.prompt = new Prompt.Chat(chat.messages(), chat.tools(), options));
    }

    private Prompt.Chat requireChat(String what) {
        if (prompt instanceof Prompt.Chat chat) {
            return chat;
        }
        throw new InputException(what + " can be given to a conversation only");
    }

    /**
     * Limits the generated tokens. KV memory for all of them is reserved when the generation
     * starts. Null generates until a stop or until the context is full, and memory grows with the
     * output; if none is left, the youngest such generation pauses for a while.
     *
     * @param tokens at least 1; 0 only computes the prompt, for its log-probabilities
     * @throws InputException if it is out of range
     */
    public GenerationRequest withMaxTokens(@Nullable Integer tokens) {
        return with(copy -> copy.maxTokens = tokens);
    }

    /**
     * Reports the log-probability of every prompt token after the first, and of the most likely
     * tokens at its position. The reported part of the prompt is computed, slower than without, and
     * shares no keys and values with other prompts.
     *
     * @param tokens number of most likely tokens, 0 to {@link SamplingParams#LOGPROBS_MAX}; null
     *     reports nothing
     * @throws InputException if it is out of range
     */
    public GenerationRequest withPromptLogprobs(@Nullable Integer tokens) {
        return with(copy -> copy.promptLogprobs = tokens);
    }

    /**
     * Sets the position of the first prompt token that {@link #withPromptLogprobs} reports; the
     * default is 1. Tokens before it are computed as fast as in other prompts, and may share keys
     * and values with them.
     *
     * @throws InputException if it is less than 1
     */
    public GenerationRequest withPromptLogprobsFrom(int position) {
        return with(copy -> copy.promptLogprobsFrom = position);
    }

    /** Sets how tokens are sampled. */
    public GenerationRequest withSampling(SamplingOptions options) {
        return with(copy -> copy.sampling = options);
    }

    /**
     * Sets strings that end the text. They are not part of it unless {@link #withStopIncluded} asks
     * for that, and do not end a thought unless {@link #withStopInThought} asks for that.
     *
     * @throws InputException if there are more than {@link #STOPS_MAX}, or one is empty or longer
     *     than {@link #STOP_CHARACTERS_MAX}
     */
    public GenerationRequest withStops(List<String> strings) {
        return with(copy -> copy.stops = List.copyOf(strings));
    }

    /** Sets whether stop strings also end the text within a thought, and not only its answer. */
    public GenerationRequest withStopInThought(boolean inThought) {
        return with(copy -> copy.stopInThought = inThought);
    }

    /**
     * Sets tokens that end the output beside those of the checkpoint, also within a thought.
     *
     * @throws InputException if there are more than {@link #STOP_TOKENS_MAX}, or one is negative
     */
    public GenerationRequest withStopTokens(List<Integer> ids) {
        return with(copy -> copy.stopTokens = List.copyOf(ids));
    }

    /** Sets whether the text contains the stop string or the token that ends it. */
    public GenerationRequest withStopIncluded(boolean included) {
        return with(copy -> copy.stopIncluded = included);
    }

    /** Sets whether control tokens of the output have text; by default they have none. */
    public GenerationRequest withControlText(boolean asText) {
        return with(copy -> copy.controlText = asText);
    }

    /**
     * Sets the number of tokens that come before the output may end by an end-of-sequence token, a
     * stop token or a stop string.
     *
     * @throws InputException if it is negative, or larger than the token limit
     */
    public GenerationRequest withMinTokens(int tokens) {
        return with(copy -> copy.minTokens = tokens);
    }

    /** Applies a loaded adapter, or none if null. */
    public GenerationRequest withAdapter(@Nullable String name) {
        return with(copy -> copy.adapter = name);
    }

    /** Sets speculative decoding, or leaves it to the engine if null. */
    public GenerationRequest withSpeculation(@Nullable Speculation setting) {
        return with(copy -> copy.speculation = setting);
    }

    /** Sets the budget and the markers of the thought. */
    public GenerationRequest withThinking(Thinking other) {
        return with(copy -> copy.thinking = other);
    }

    /** Ends the output when it loops, or never if null. */
    public GenerationRequest withLoopRule(@Nullable LoopRule rule) {
        return with(copy -> copy.loopRule = rule);
    }

    /** Sets limits of time. */
    public GenerationRequest withTimeouts(Timeouts other) {
        return with(copy -> copy.timeouts = other);
    }

    /**
     * Holds the answer to a format, or lets it be free if null. If the prompt or the settings of
     * {@link #withThinking} begin a thought, it comes before the answer and is free.
     */
    public GenerationRequest withAnswerFormat(@Nullable AnswerFormat format) {
        return with(copy -> copy.answerFormat = format);
    }

    /** Treats end-of-sequence tokens as ordinary ones, so that generation goes on through them. */
    public GenerationRequest ignoringEos() {
        return withIgnoreEos(true);
    }

    /** Sets whether end-of-sequence tokens are ordinary ones. */
    public GenerationRequest withIgnoreEos(boolean ignore) {
        return with(copy -> copy.ignoreEos = ignore);
    }

    private GenerationRequest with(Consumer<GenerationRequest> change) {
        try {
            GenerationRequest copy = (GenerationRequest) clone();
            change.accept(copy);
            copy.check();
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    private void check() {
        int tokensLeast = promptLogprobs == null ? 1 : 0;
        if (maxTokens != null && maxTokens < tokensLeast) {
            throw new InputException(
                    "max-tokens must be at least %d, not %d".formatted(tokensLeast, maxTokens));
        }
        if (promptLogprobs != null
                && (promptLogprobs < 0 || promptLogprobs > SamplingParams.LOGPROBS_MAX)) {
            throw new InputException(
                    "prompt log-probabilities: 0 to %d, not %d"
                            .formatted(SamplingParams.LOGPROBS_MAX, promptLogprobs));
        }
        if (promptLogprobsFrom < 1) {
            throw new InputException("the first prompt token has no log-probability");
        }
        if (minTokens < 0 || (maxTokens != null && minTokens > maxTokens)) {
            throw new InputException(
                    "min-tokens must be at least 0 and at most max-tokens, not " + minTokens);
        }
        if (stopTokens.size() > STOP_TOKENS_MAX) {
            throw new InputException(
                    "at most %d stop tokens, not %d".formatted(STOP_TOKENS_MAX, stopTokens.size()));
        }
        if (stopTokens.stream().anyMatch(token -> token < 0)) {
            throw new InputException("the id of a stop token is 0 or more");
        }
        checkStops();
    }

    private void checkStops() {
        if (stops.size() > STOPS_MAX) {
            throw new InputException("at most " + STOPS_MAX + " stop strings, not " + stops.size());
        }
        for (String stop : stops) {
            if (stop.isEmpty() || stop.length() > STOP_CHARACTERS_MAX) {
                throw new InputException(
                        "a stop string has 1 to " + STOP_CHARACTERS_MAX + " characters");
            }
        }
    }

    /** Prompt to continue. */
    public Prompt prompt() {
        return prompt;
    }

    /** Limit for generated tokens; null is the rest of the context. */
    public @Nullable Integer maxTokens() {
        return maxTokens;
    }

    /** Number of most likely tokens to report for each prompt token; null reports nothing. */
    public @Nullable Integer promptLogprobs() {
        return promptLogprobs;
    }

    /** Position of the first prompt token to report, from 1. */
    public int promptLogprobsFrom() {
        return promptLogprobsFrom;
    }

    /** Sampling settings. */
    public SamplingOptions sampling() {
        return sampling;
    }

    /** Strings that end the text. */
    public List<String> stops() {
        return stops;
    }

    /** Whether stop strings also end the text within a thought. */
    public boolean stopInThought() {
        return stopInThought;
    }

    /** Tokens that end the output beside those of the checkpoint. */
    public List<Integer> stopTokens() {
        return stopTokens;
    }

    /** Whether the text contains the stop string or the token that ends it. */
    public boolean stopIncluded() {
        return stopIncluded;
    }

    /** Whether control tokens of the output have text. */
    public boolean controlText() {
        return controlText;
    }

    /** Number of tokens that come before the output may end. */
    public int minTokens() {
        return minTokens;
    }

    /** Whether generation goes on through end-of-sequence tokens. */
    public boolean ignoreEos() {
        return ignoreEos;
    }

    /** Name of a loaded adapter; null is the base model. */
    public @Nullable String adapter() {
        return adapter;
    }

    /** Speculative decoding; null is the setting of the engine. */
    public @Nullable Speculation speculation() {
        return speculation;
    }

    /** Budget and markers of the thought. */
    public Thinking thinking() {
        return thinking;
    }

    /** Rule that ends a looping output; null is none. */
    public @Nullable LoopRule loopRule() {
        return loopRule;
    }

    /** Limits of time. */
    public Timeouts timeouts() {
        return timeouts;
    }

    /** Format of the answer; null is free text. */
    public @Nullable AnswerFormat answerFormat() {
        return answerFormat;
    }
}
