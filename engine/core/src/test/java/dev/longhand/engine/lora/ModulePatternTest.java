package dev.longhand.engine.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/** Patterns of module names match as Java's do, and end whatever a stranger has written. */
class ModulePatternTest {
    private static final Settings CONFIG =
            Settings.parse("test", "{}".getBytes(StandardCharsets.UTF_8));
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final List<String> NAMES =
            List.of(
                    "model.layers.0.self_attn.q_proj",
                    "model.layers.11.self_attn.v_proj",
                    "model.layers.23.mlp.down_proj",
                    "model.layers.5.mlp.gate_proj",
                    "model.visual.blocks.0.q_proj",
                    "lm_head",
                    "q_proj",
                    "a.b",
                    "aaaa",
                    "");

    private static boolean matches(String regex, String name) {
        return ModulePattern.whole(CONFIG, "key", regex, new ModulePattern.Budget()).matches(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".*",
                "",
                "q_proj",
                ".*\\.(q_proj|v_proj)",
                "model\\.layers\\.(0|11)\\..*",
                "^(model)(?!.*(lm_head|visual)).*",
                "^(?!.*visual).*(?:q|v)_proj$",
                ".*layers\\.\\d+\\.mlp\\..*",
                ".*layers\\.\\d{2}\\..*",
                ".*layers\\.[0-9]{1,2}\\.(self_attn|mlp)\\.(down|gate)_proj",
                ".*\\.(?<part>q|v)_proj",
                ".*(?<=self_attn\\.)q_proj",
                ".*(?<!self_attn\\.)q_proj",
                "(a|aa)+",
                "(a*)*b?",
                "(a?){4}",
                "(|a){3,}",
                "(a{2}){2}",
                "(|.){2,5}b?",
                "[^.]+",
                "[a-z_]+",
                "[]a]+",
                "[\\w.]+?",
                "a\\.b",
                "\\w+\\W\\w+",
                ".*\\bq_proj\\b",
                "(?=a).*",
                "(){5}.*",
                "\\Alm_head\\Z",
            })
    void asJava(String regex) {
        Pattern java = Pattern.compile(regex.equals("[]a]+") ? "[\\]a]+" : regex);
        for (String name : NAMES) {
            assertEquals(java.matcher(name).matches(), matches(regex, name), regex + " " + name);
        }
    }

    /** Loops over nothing, which Java's engine never leaves. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "(?:(?=){2147483647}){2147483647}.*",
                "(){2147483647}.*",
                "(?:|){2147483647}.*",
                "((a?)*)*.*",
                "(^*$*){2147483647}.*"
            })
    void nothingManyTimes(String regex) {
        assertTimeoutPreemptively(LIMIT, () -> assertTrue(matches(regex, NAMES.getFirst())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(.*.*.*.*.*.*.*.*.*)!",
                "(.+)+!",
                "(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)"
                    + "(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)(?:|)!",
                "((((.*)*)*)*)*!"
            })
    void backtrackingEnds(String regex) {
        assertTimeoutPreemptively(
                LIMIT,
                () -> {
                    var error =
                            assertThrows(
                                    InputException.class, () -> matches(regex, NAMES.getFirst()));
                    assertTrue(error.getMessage().contains("takes too long"), error.getMessage());
                });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(",
                "((((",
                ")",
                "[",
                "[a",
                "a{",
                "a{x}",
                "a{3,2}",
                "a**",
                "a+*",
                "*a",
                "\\",
                "(?i)a",
                "(a)\\1",
                "a{99999999999}",
                "[b-a]",
                "(?P<x",
                "a?+"
            })
    void malformed(String regex) {
        var error = assertThrows(InputException.class, () -> matches(regex, "a"));
        assertTrue(error.getMessage().contains("malformed"), error.getMessage());
    }

    /** Each match is cheap enough, but not 16,000 of them for every module. */
    @Test
    void allMatchesOfAConfigurationTogetherEnd() {
        assertTimeoutPreemptively(
                LIMIT,
                () -> {
                    ModulePattern.Budget budget = new ModulePattern.Budget();
                    assertThrows(
                            InputException.class,
                            () -> {
                                for (int i = 0; i < 16_000; i++) {
                                    ModulePattern pattern =
                                            ModulePattern.ending(
                                                    CONFIG, "key", "(.*.*.*)x" + i, budget);
                                    for (int module = 0; module < 168; module++) {
                                        pattern.matches(NAMES.get(module % 4));
                                    }
                                }
                            });
                });
    }

    @Test
    void manyHonestPatternsFit() {
        ModulePattern.Budget budget = new ModulePattern.Budget();
        for (int i = 0; i < 400; i++) {
            String key = "model.layers.%d.self_attn.q_proj".formatted(i);
            ModulePattern pattern = ModulePattern.ending(CONFIG, "key", key, budget);
            for (int module = 0; module < 400; module++) {
                String name = "model.layers.%d.self_attn.q_proj".formatted(module);
                assertEquals(i == module, pattern.matches(name), name);
            }
        }
    }
}
