package dev.longhand.service.line;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.service.Conversations;
import dev.longhand.service.FormatFields;
import dev.longhand.service.LongRequests;
import dev.longhand.service.RequestBuffer;
import dev.longhand.service.RequestFields;
import dev.longhand.service.RequestRules;
import dev.longhand.service.ServedGeneration;
import dev.longhand.service.Service;
import dev.longhand.service.Tools;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Objects;
import java.util.Set;

/** One request line: a generation, or a command about the connection or the adapters. */
sealed interface LineRequest {
    /** The maximum length of an id, in characters. */
    int ID_CHARACTERS_MAX = 200;

    /**
     * Starts a generation, or several samples of it; their events carry the id.
     *
     * @param formatField the name of the field that the format of the answer comes from
     */
    record Generate(
            String id,
            @Nullable String model,
            GenerationRequest request,
            int samples,
            String formatField)
            implements LineRequest {
        /** Submits the samples; a format that is refused is named. */
        List<ServedGeneration> submit(Service service) {
            try {
                return service.submit(model, request, samples);
            } catch (AnswerFormatException e) {
                throw FormatFields.refusal(formatField, e);
            }
        }
    }

    /** Cancels a generation of this connection. */
    record Cancel(String id) implements LineRequest {}

    /** Authorizes the connection; must come first if the server requires a token. */
    record Authorize(String token) implements LineRequest {}

    /** Loads an adapter from a folder below the server's adapter folder. */
    record LoadAdapter(String id, String name, String folder) implements LineRequest {}

    /** Unloads an adapter. */
    record UnloadAdapter(String id, String name) implements LineRequest {}

    /** Lists the model names. */
    record Models(String id) implements LineRequest {}

    /** Parses the JSON of a line, on another thread if it is long. */
    static Settings parse(RequestBuffer line) {
        return LongRequests.parse(line.length(), () -> RequestFields.parse(line));
    }

    /** Reads the fields of a line, on another thread if it is long. */
    static LineRequest of(RequestBuffer line, Settings fields, RequestRules rules) {
        return LongRequests.parse(line.length(), () -> read(fields, rules));
    }

    /**
     * Parses a line.
     *
     * @throws InputException if it is none of these requests
     */
    static LineRequest read(Settings line, RequestRules rules) {
        if (line.has("cancel")) {
            only(line, Set.of("cancel"));
            return new Cancel(line.string("cancel").orElseThrow());
        }
        if (line.has("authorize")) {
            only(line, Set.of("authorize"));
            return new Authorize(line.string("authorize").orElseThrow());
        }
        String id = id(line);
        if (line.has("load_adapter")) {
            only(line, Set.of("id", "load_adapter", "path"));
            return new LoadAdapter(
                    id,
                    line.string("load_adapter").orElseThrow(),
                    line.string("path").orElseThrow(() -> line.refuse("path", "is missing")));
        }
        if (line.has("unload_adapter")) {
            only(line, Set.of("id", "unload_adapter"));
            return new UnloadAdapter(id, line.string("unload_adapter").orElseThrow());
        }
        if (line.has("models")) {
            only(line, Set.of("id", "models"));
            return new Models(id);
        }
        return generate(id, line, rules);
    }

    /** Returns the id of a line; empty if it is absent or invalid. */
    static String idOf(Settings line) {
        try {
            return id(line);
        } catch (InputException e) {
            return "";
        }
    }

    private static String id(Settings line) {
        String id = line.string("id").orElse("");
        if (id.length() > ID_CHARACTERS_MAX) {
            throw line.refuse("id", "is longer than " + ID_CHARACTERS_MAX + " characters");
        }
        return id;
    }

    private static void only(Settings line, Set<String> keys) {
        RequestFields.refuseUnknown(line, List.of(keys));
    }

    private static Generate generate(String id, Settings line, RequestRules rules) {
        RequestFields.refuseUnknown(
                line,
                List.of(
                        RequestFields.SAMPLING,
                        RequestFields.CONTROLS,
                        RequestFields.ENDS,
                        Conversations.OPTIONS,
                        FormatFields.NAMES,
                        Set.of(
                                "id",
                                "model",
                                "prompt",
                                "messages",
                                "tools",
                                "tool_choice",
                                "parallel_tool_calls",
                                "prompt_ids",
                                "max_tokens",
                                "logprobs",
                                "n")));
        Tools tools = line.has("messages") ? Tools.read(line) : Tools.NONE;
        Prompt prompt =
                switch (RequestFields.oneOf(line, "prompt", "messages", "prompt_ids")) {
                    case "prompt" ->
                            new Prompt.Text(
                                    Objects.requireNonNull(RequestFields.text(line, "prompt")));
                    case "messages" -> Conversations.read(line, rules.dialect());
                    default -> new Prompt.Ids(ids(line));
                };
        for (String key : line.keys()) {
            boolean ofChat = key.equals("tools") || Conversations.OPTIONS.contains(key);
            if (ofChat && line.has(key) && !line.has("messages")) {
                throw line.refuse(key, "goes with messages");
            }
        }
        int logprobs = line.integer("logprobs", 0, 100).orElse(0);
        GenerationRequest plain =
                GenerationRequest.of(prompt)
                        .withAnswerFormat(tools.format(line))
                        .withMaxTokens(
                                RequestFields.maxTokens(line, "max_tokens", rules.dialect()));
        GenerationRequest request = RequestFields.request(line, plain, logprobs, rules);
        int samples = line.integer("n", 1, RequestFields.SAMPLES_MAX).orElse(1);
        return new Generate(
                id, line.string("model").orElse(null), request, samples, tools.formatField(line));
    }

    private static List<Integer> ids(Settings line) {
        return line.integerList("prompt_ids", 1 << 22, 0, Integer.MAX_VALUE);
    }
}
