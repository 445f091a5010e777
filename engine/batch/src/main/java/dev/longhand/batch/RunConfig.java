package dev.longhand.batch;

import dev.longhand.engine.chat.ChatMessage;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Json;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.thought.LoopRule;
import dev.longhand.engine.thought.Thinking;
import dev.longhand.service.RequestFields;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * How a file of problems is to be answered; see {@link #read} for the file it comes from.
 *
 * @param model Hugging Face folder; null leaves it to the caller
 * @param adapter the name of an adapter that the caller knows, or a PEFT folder; null is none
 * @param adapterScale multiplies the adapter's own scale
 * @param folder where the file lies; paths in it start there
 * @param system the system message; null is as the chat template has it
 * @param userTemplate the user's message, with {@link #QUESTION} in it
 * @param prefill how every answer begins
 * @param sampling all but the seed
 * @param samples answers to each problem
 * @param seed from which the seed of each answer follows
 * @param newTokensMax the most tokens of an answer
 * @param contextTokensMax of prompt and answer; null is what the model admits, at most 32,768
 * @param stops strings that end an answer
 * @param ignoreEos whether end tokens are ordinary ones
 * @param thinking how long a thought may be
 * @param loopRule when an answer counts as going in circles; null lets it go on
 */
public record RunConfig(
        @Nullable String model,
        @Nullable String adapter,
        float adapterScale,
        Path folder,
        @Nullable String system,
        String userTemplate,
        String prefill,
        SamplingOptions sampling,
        int samples,
        long seed,
        int newTokensMax,
        @Nullable Integer contextTokensMax,
        List<String> stops,
        boolean ignoreEos,
        Thinking thinking,
        @Nullable LoopRule loopRule) {
    /** What stands for the problem's question. */
    public static final String QUESTION = "{question}";

    /** The most answers to a problem. */
    public static final int SAMPLES_MAX = 10_000;

    private static final int NEW_TOKENS_DEFAULT = 32_768;
    private static final int SYSTEM_BYTES_MAX = 1 << 20;
    private static final double SEED_MAX = 0x1p53; // the numbers that every JSON reader keeps

    private static final Set<String> KEYS =
            Set.of(
                    "model",
                    "adapter",
                    "adapter_scale",
                    "system_file",
                    "user_template",
                    "prefill",
                    "temperature",
                    "top_p",
                    "top_k",
                    "min_p",
                    "repetition_penalty",
                    "frequency_penalty",
                    "presence_penalty",
                    "thinking_budget",
                    "thought_begin",
                    "thought_end",
                    "loop_detector",
                    "n",
                    "seed",
                    "max_new_tokens",
                    "max_context",
                    "stop",
                    "ignore_eos");

    public RunConfig {
        stops = List.copyOf(stops);
    }

    /**
     * Reads a JSON object: {@code {"model", "adapter": null, "adapter_scale": 1, "system_file",
     * "user_template": "{question}", "prefill": "", "temperature": 0, "top_p": 1, "top_k": 0,
     * "min_p": 0, "repetition_penalty": 1, "frequency_penalty": 0, "presence_penalty": 0, "n": 1,
     * "seed": 0, "max_new_tokens": 32768, "max_context", "stop": [], "ignore_eos": false,
     * "thinking_budget", "thought_begin", "thought_end", "loop_detector": false}}. What is absent
     * is as shown, never as the checkpoint's {@code generation_config.json} has it, so that the
     * file alone says how answers came about; a key that is not known is refused.
     *
     * @throws InputException if it cannot be used
     */
    public static RunConfig read(Path file) {
        Settings settings = Settings.read(file);
        for (String key : settings.keys()) {
            if (!KEYS.contains(key)) {
                throw settings.refuse(key, "is not known");
            }
        }
        String template = settings.string("user_template").orElse(QUESTION);
        if (!template.contains(QUESTION)) {
            throw settings.refuse("user_template", "must contain " + QUESTION);
        }
        Path folder = file.toAbsolutePath().normalize().resolveSibling("");
        RunConfig config =
                new RunConfig(
                        settings.string("model").orElse(null),
                        settings.string("adapter").orElse(null),
                        real(settings, "adapter_scale", -1e6, 1),
                        folder,
                        settings.string("system_file")
                                .map(folder::resolve)
                                .map(RunConfig::text)
                                .orElse(null),
                        template,
                        settings.string("prefill").orElse(""),
                        sampling(settings),
                        settings.integer("n", 1, SAMPLES_MAX).orElse(1),
                        seed(settings),
                        settings.integer("max_new_tokens", 1, Integer.MAX_VALUE)
                                .orElse(NEW_TOKENS_DEFAULT),
                        settings.has("max_context")
                                ? settings.requiredInteger("max_context", 1, Integer.MAX_VALUE)
                                : null,
                        settings.strings("stop"),
                        settings.bool("ignore_eos", false),
                        RequestFields.thinking(settings),
                        RequestFields.loopRule(settings));
        config.request("", 0); // refuses stop strings that no request may have
        return config;
    }

    private static SamplingOptions sampling(Settings settings) {
        return SamplingOptions.builder()
                .temperature(real(settings, "temperature", 0, 0))
                .topK(settings.integer("top_k", 0, Integer.MAX_VALUE).orElse(0))
                .topP(real(settings, "top_p", 0, 1))
                .minP(real(settings, "min_p", 0, 0))
                .repetitionPenalty(real(settings, "repetition_penalty", 0, 1))
                .frequencyPenalty(real(settings, "frequency_penalty", -1e6, 0))
                .presencePenalty(real(settings, "presence_penalty", -1e6, 0))
                .build();
    }

    private static float real(Settings settings, String key, double min, float absent) {
        Double value = settings.number(key, min, 1e6);
        return value == null ? absent : value.floatValue();
    }

    private static long seed(Settings settings) {
        Double value = settings.number("seed", -SEED_MAX, SEED_MAX);
        if (value != null && value != Math.rint(value)) {
            throw settings.refuse("seed", "must be a whole number");
        }
        return value == null ? 0 : value.longValue();
    }

    private static String text(Path file) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Json.bytes(file, SYSTEM_BYTES_MAX)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InputException(file + ": not UTF-8", e);
        }
    }

    /** The conversation that asks a question. */
    List<ChatMessage> messages(String question) {
        List<ChatMessage> messages = new ArrayList<>();
        if (system != null) {
            messages.add(ChatMessage.system(system));
        }
        messages.add(ChatMessage.user(userTemplate.replace(QUESTION, question)));
        return messages;
    }

    /** The request for one answer to a prompt. */
    GenerationRequest request(String prompt, long answerSeed) {
        GenerationRequest request =
                GenerationRequest.text(prompt)
                        .withMaxTokens(newTokensMax)
                        .withSampling(sampling.withSeed(answerSeed))
                        .withStops(stops)
                        .withThinking(thinking)
                        .withLoopRule(loopRule);
        return ignoreEos ? request.ignoringEos() : request;
    }
}
