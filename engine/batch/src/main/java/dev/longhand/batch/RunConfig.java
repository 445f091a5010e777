package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Json;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.LoopRule;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.TemplateOptions;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.service.Conversations;
import dev.longhand.service.Dialect;
import dev.longhand.service.EditDistance;
import dev.longhand.service.RequestFields;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * The configuration of a run; see {@link #read} for the file format.
 *
 * @param model a Hugging Face folder; null if the caller names it
 * @param adapter the name of a loaded adapter, or a PEFT folder; null is the base
 * @param adapterScale a factor on the adapter's own scale
 * @param folder the folder of the file; its paths are relative to this folder
 * @param system the system message; null is the chat template's default
 * @param userTemplate the user message, which contains {@link #QUESTION}
 * @param template what the chat template is told
 * @param prefill the beginning of each answer
 * @param sampling the sampling options, without the seed
 * @param samples the number of answers per problem
 * @param seed the run's seed, from which the seed of each answer is derived
 * @param newTokensMax the maximum number of tokens per answer
 * @param contextTokensMax the maximum number of tokens of prompt and answer; null is the model's
 *     limit, at most 32,768
 * @param stops strings that end an answer
 * @param stopInThought whether they also end a thought
 * @param ignoreEos whether generation continues past end tokens
 * @param thinking the thinking budget and markers
 * @param loopRule the rule that ends a looping answer; null disables it
 */
public record RunConfig(
        @Nullable String model,
        @Nullable String adapter,
        float adapterScale,
        Path folder,
        @Nullable String system,
        String userTemplate,
        TemplateOptions template,
        String prefill,
        SamplingOptions sampling,
        int samples,
        long seed,
        int newTokensMax,
        @Nullable Integer contextTokensMax,
        List<String> stops,
        boolean stopInThought,
        boolean ignoreEos,
        Thinking thinking,
        @Nullable LoopRule loopRule) {
    /** The placeholder for the question. */
    public static final String QUESTION = "{question}";

    /** The maximum number of answers per problem. */
    public static final int SAMPLES_MAX = 10_000;

    private static final int NEW_TOKENS_DEFAULT = 32_768;
    private static final int SYSTEM_BYTES_MAX = 1 << 20;

    private static final Set<String> KEYS =
            Set.of(
                    "model",
                    "adapter",
                    "adapter_scale",
                    "system_file",
                    "user_template",
                    "chat_template_kwargs",
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
                    "stop_in_thought",
                    "ignore_eos");

    public RunConfig {
        stops = List.copyOf(stops);
    }

    /**
     * Reads a JSON object: {@code {"model", "adapter": null, "adapter_scale": 1, "system_file",
     * "user_template": "{question}", "chat_template_kwargs": {}, "prefill": "", "temperature": 0,
     * "top_p": 1, "top_k": 0, "min_p": 0, "repetition_penalty": 1, "frequency_penalty": 0,
     * "presence_penalty": 0, "n": 1, "seed": 0, "max_new_tokens": 32768, "max_context", "stop": [],
     * "stop_in_thought": false, "ignore_eos": false, "thinking_budget", "thought_begin",
     * "thought_end", "loop_detector": false}}. Absent keys have the values shown. The checkpoint's
     * {@code generation_config.json} is ignored, so that the file alone determines the answers.
     * Other keys are ignored too, unless they resemble one of these, as {@code temprature} does.
     *
     * @throws InputException if the file is invalid
     */
    public static RunConfig read(Path file) {
        Settings settings = Settings.read(file);
        for (String key : settings.keys()) {
            refuseMisspelt(settings, key);
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
                        Conversations.template(settings),
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
                        settings.bool("stop_in_thought", false),
                        settings.bool("ignore_eos", false),
                        RequestFields.thinking(settings, Dialect.STRICT),
                        RequestFields.loopRule(settings));
        config.request("", 0); // rejects invalid stop strings
        return config;
    }

    /**
     * Returns settings of one greedy answer per problem, which the chat template alone asks for.
     */
    public static RunConfig greedy(int newTokensMax) {
        return new RunConfig(
                null,
                null,
                1,
                Path.of(""),
                null,
                QUESTION,
                TemplateOptions.DEFAULT,
                "",
                SamplingOptions.greedy(),
                1,
                0,
                newTokensMax,
                null,
                List.of(),
                false,
                false,
                Thinking.DEFAULT,
                null);
    }

    /**
     * Refuses a key that is none of the format but, by case, signs or two letters, resembles one.
     */
    private static void refuseMisspelt(Settings settings, String key) {
        if (KEYS.contains(key)) {
            return;
        }
        String given = plain(key);
        for (String known : new TreeSet<>(KEYS)) {
            int errorsMax = Math.min(2, (known.length() - 1) / 3);
            if (EditDistance.between(given, plain(known)) <= errorsMax) {
                throw settings.refuse(key, "is not known; did you mean " + known + "?");
            }
        }
    }

    private static String plain(String key) {
        return key.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
    }

    private static SamplingOptions sampling(Settings settings) {
        return SamplingOptions.DEFAULT
                .withTemperature(real(settings, "temperature", 0, 0))
                .withTopK(settings.integer("top_k", 0, Integer.MAX_VALUE).orElse(0))
                .withTopP(real(settings, "top_p", 0, 1))
                .withMinP(real(settings, "min_p", 0, 0))
                .withRepetitionPenalty(real(settings, "repetition_penalty", 0, 1))
                .withFrequencyPenalty(real(settings, "frequency_penalty", -1e6, 0))
                .withPresencePenalty(real(settings, "presence_penalty", -1e6, 0));
    }

    private static float real(Settings settings, String key, double min, float absent) {
        Double value = settings.number(key, min, 1e6);
        return value == null ? absent : value.floatValue();
    }

    private static long seed(Settings settings) {
        return Objects.requireNonNullElse(Dialect.STRICT.wholeLong(settings, "seed"), 0L);
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

    /** Builds the conversation for a question. */
    List<ChatMessage> messages(String question) {
        List<ChatMessage> messages = new ArrayList<>();
        if (system != null) {
            messages.add(ChatMessage.system(system));
        }
        messages.add(ChatMessage.user(userTemplate.replace(QUESTION, question)));
        return messages;
    }

    /** Builds the request for one answer to a prompt. */
    GenerationRequest request(String prompt, long answerSeed) {
        GenerationRequest request =
                GenerationRequest.text(prompt)
                        .withMaxTokens(newTokensMax)
                        .withSampling(sampling.withSeed(answerSeed))
                        .withStops(stops)
                        .withStopInThought(stopInThought)
                        .withThinking(thinking)
                        .withLoopRule(loopRule);
        return ignoreEos ? request.ignoringEos() : request;
    }
}
