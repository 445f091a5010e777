package dev.longhand.engine.generation;

import dev.longhand.engine.chat.ChatMessage;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.thought.LoopRule;
import dev.longhand.engine.thought.Thinking;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Consumer;

/**
 * One generation to be made.
 *
 * @param prompt what to continue
 * @param maxTokens the most tokens to generate, at least 1; null generates until a stop or until
 *     the context is full. KV memory for all of them is reserved when the generation begins
 * @param sampling how to draw tokens
 * @param stops strings that end the text; they are not part of it
 * @param ignoreEos whether end-of-sequence tokens are ordinary tokens
 * @param adapter the name of a loaded adapter to apply; null is none
 * @param speculation whether to guess tokens; null is as the engine does
 * @param thinking where the thought begins and ends, and how long it may be
 * @param loopRule ends an output that goes in circles; null lets it go on
 * @param timeouts how long it may take
 */
public record GenerationRequest(
        Prompt prompt,
        @Nullable Integer maxTokens,
        SamplingOptions sampling,
        List<String> stops,
        boolean ignoreEos,
        @Nullable String adapter,
        @Nullable Speculation speculation,
        Thinking thinking,
        @Nullable LoopRule loopRule,
        Timeouts timeouts) {
    /** The most stop strings of a request. */
    public static final int STOPS_MAX = 16;

    /** The longest stop string, in characters. */
    public static final int STOP_CHARACTERS_MAX = 1024;

    public GenerationRequest {
        stops = List.copyOf(stops);
        if (maxTokens != null && maxTokens < 1) {
            throw new InputException("max-tokens must be at least 1, not " + maxTokens);
        }
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

    /** Continues a text as it stands. */
    public static GenerationRequest text(String text) {
        return of(new Prompt.Text(text));
    }

    /** Continues token ids. */
    public static GenerationRequest ids(List<Integer> ids) {
        return of(new Prompt.Ids(ids));
    }

    /** Answers a single user message. */
    public static GenerationRequest chat(String userMessage) {
        return chat(List.of(ChatMessage.user(userMessage)));
    }

    /** Answers a conversation. */
    public static GenerationRequest chat(List<ChatMessage> messages) {
        return of(new Prompt.Chat(messages, List.of()));
    }

    private static GenerationRequest of(Prompt prompt) {
        return new GenerationRequest(
                prompt,
                null,
                SamplingOptions.DEFAULT,
                List.of(),
                false,
                null,
                null,
                Thinking.DEFAULT,
                null,
                Timeouts.NONE);
    }

    /** The same with another limit of tokens. */
    public GenerationRequest withMaxTokens(int tokens) {
        return with(copy -> copy.maxTokens = tokens);
    }

    /** The same with other sampling. */
    public GenerationRequest withSampling(SamplingOptions options) {
        return with(copy -> copy.sampling = options);
    }

    /** The same with other stop strings. */
    public GenerationRequest withStops(List<String> strings) {
        return with(copy -> copy.stops = strings);
    }

    /** The same, generating through end-of-sequence tokens. */
    public GenerationRequest ignoringEos() {
        return with(copy -> copy.ignoreEos = true);
    }

    /** The same under a loaded adapter, or under none if null. */
    public GenerationRequest withAdapter(@Nullable String name) {
        return with(copy -> copy.adapter = name);
    }

    /** The same with its own speculation, or with the engine's if null. */
    public GenerationRequest withSpeculation(@Nullable Speculation own) {
        return with(copy -> copy.speculation = own);
    }

    /** The same with another budget or other markers of its thought. */
    public GenerationRequest withThinking(Thinking other) {
        return with(copy -> copy.thinking = other);
    }

    /** The same, ended when it goes in circles, or not if null. */
    public GenerationRequest withLoopRule(@Nullable LoopRule rule) {
        return with(copy -> copy.loopRule = rule);
    }

    /** The same with other limits of time. */
    public GenerationRequest withTimeouts(Timeouts other) {
        return with(copy -> copy.timeouts = other);
    }

    private GenerationRequest with(Consumer<Copy> change) {
        Copy copy = new Copy(this);
        change.accept(copy);
        return new GenerationRequest(
                prompt,
                copy.maxTokens,
                copy.sampling,
                copy.stops,
                copy.ignoreEos,
                copy.adapter,
                copy.speculation,
                copy.thinking,
                copy.loopRule,
                copy.timeouts);
    }

    /** All that may be changed of a request, to change one of it. */
    private static final class Copy {
        private @Nullable Integer maxTokens;
        private SamplingOptions sampling;
        private List<String> stops;
        private boolean ignoreEos;
        private @Nullable String adapter;
        private @Nullable Speculation speculation;
        private Thinking thinking;
        private @Nullable LoopRule loopRule;
        private Timeouts timeouts;

        Copy(GenerationRequest request) {
            maxTokens = request.maxTokens;
            sampling = request.sampling;
            stops = request.stops;
            ignoreEos = request.ignoreEos;
            adapter = request.adapter;
            speculation = request.speculation;
            thinking = request.thinking;
            loopRule = request.loopRule;
            timeouts = request.timeouts;
        }
    }
}
