package dev.longhand.service.http;

import dev.longhand.engine.file.Settings;
import dev.longhand.service.Dialect;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Unsupported parameters of OpenAI and vLLM that client libraries send with their default values.
 * The defaults are accepted and ignored; any other value is rejected by name. The lenient dialect
 * also ignores parameters that cannot change the answer of this server, whatever their value.
 */
final class IgnorableDefaults {
    private static final JsonMapper JSON = new JsonMapper();

    private static final Map<String, List<String>> VALUES =
            Map.ofEntries(
                    Map.entry("best_of", List.of("1")),
                    Map.entry("echo", List.of("false")),
                    Map.entry("suffix", List.of("\"\"")),
                    Map.entry("store", List.of("false")),
                    Map.entry("modalities", List.of("[\"text\"]")),
                    Map.entry("service_tier", List.of("\"auto\"", "\"default\"")),
                    Map.entry("use_beam_search", List.of("false")),
                    Map.entry("length_penalty", List.of("1", "1.0")),
                    Map.entry("spaces_between_special_tokens", List.of("true")),
                    Map.entry("add_generation_prompt", List.of("true")),
                    Map.entry("continue_final_message", List.of("false")),
                    Map.entry("add_special_tokens", List.of("false", "true")));

    /** Storage, billing and caching at OpenAI, and an effort, which only chats can express. */
    private static final Set<String> IRRELEVANT =
            Set.of("store", "service_tier", "prompt_cache_retention", "reasoning_effort");

    private static final Map<String, Set<JsonNode>> DEFAULTS =
            VALUES.entrySet().stream()
                    .collect(
                            Collectors.toUnmodifiableMap(
                                    Map.Entry::getKey,
                                    entry ->
                                            entry.getValue().stream()
                                                    .map(JSON::readTree)
                                                    .collect(Collectors.toUnmodifiableSet())));

    private IgnorableDefaults() {}

    /** The parameters that the dialect accepts. */
    static Set<String> names(Dialect dialect) {
        Set<String> names = new HashSet<>(DEFAULTS.keySet());
        if (dialect.lenient()) {
            names.addAll(IRRELEVANT);
        }
        return names;
    }

    /**
     * Rejects values other than the defaults.
     *
     * @param supported parameters that the endpoint supports
     */
    static void check(Settings body, Set<String> supported, Dialect dialect) {
        for (String name : body.keys()) {
            boolean ignored = dialect.lenient() && IRRELEVANT.contains(name);
            if (ignored || supported.contains(name)) {
                continue;
            }
            Set<JsonNode> defaults = DEFAULTS.get(name);
            String value = body.json(name);
            if (defaults != null && value != null && !defaults.contains(JSON.readTree(value))) {
                throw body.refuse(
                        name, "is not supported, but for " + String.join(", ", VALUES.get(name)));
            }
        }
    }
}
