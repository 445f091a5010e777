package dev.longhand.engine.chat;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Json;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.file.UnreadableFileException;
import dev.longhand.engine.gguf.GgufModel;
import dev.longhand.jinja.Template;
import dev.longhand.jinja.TemplateException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Chat templates in the files of a model folder: {@code chat_template.jinja} and {@code
 * additional_chat_templates/NAME.jinja}, else {@code chat_template} in {@code
 * tokenizer_config.json}, a text or a list of named ones. A GGUF file has the latter, too.
 */
final class TemplateFiles {
    private static final int BYTES_MAX = 4 << 20;
    private static final int FILES_MAX = 100;
    private static final String REMEDY = "; use Prompt.Text or Prompt.Ids";
    private static final String KEY = "chat_template";
    private static final String ENDING = ".jinja";
    private static final String CLASS = "tokenizer_class";
    private static final String ADD_BOS = "add_bos_token";
    static final String DEFAULT = "default";

    /** Tokens that templates know by these names. */
    private static final String[] SPECIAL_TOKENS = {
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"
    };

    private final Path folder;
    private final Path configFile;
    private final @Nullable Settings config;

    TemplateFiles(Path folder) {
        this.folder = folder;
        Path gguf = GgufModel.file(folder).orElse(null);
        configFile = gguf != null ? gguf : folder.resolve("tokenizer_config.json");
        config =
                gguf != null
                        ? GgufModel.tokenizerConfig(gguf)
                        : Files.exists(configFile) ? Settings.read(configFile) : null;
    }

    /**
     * Compiles the templates of the folder, by name.
     *
     * @throws InputException if there is none, or one is not Jinja
     */
    Map<String, Template> templates() {
        Map<String, Template> templates = new LinkedHashMap<>();
        readConfig(templates);
        Path own = folder.resolve(KEY + ENDING);
        if (Files.exists(own)) {
            templates.clear();
            templates.put(DEFAULT, compile(own, text(own)));
        }
        Path others = folder.resolve("additional_chat_templates");
        if (Files.isDirectory(others)) {
            readFolder(others, templates);
        }
        if (templates.isEmpty()) {
            throw new InputException(folder + ": no chat template" + REMEDY);
        }
        return templates;
    }

    private void readConfig(Map<String, Template> templates) {
        if (config == null || !config.has(KEY)) {
            return;
        }
        if (config.isString(KEY)) {
            templates.put(DEFAULT, compile(configFile, config.string(KEY).orElseThrow()));
            return;
        }
        for (Settings named : config.objects(KEY)) {
            String name =
                    named.string("name").orElseThrow(() -> named.refuse("name", "is missing"));
            String source =
                    named.string("template")
                            .orElseThrow(() -> named.refuse("template", "is missing"));
            templates.put(name, compile(configFile, source));
        }
    }

    private static void readFolder(Path others, Map<String, Template> templates) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(others, "*" + ENDING)) {
            for (Path file : files) {
                if (templates.size() == FILES_MAX) {
                    throw new InputException(
                            others + ": has more than " + FILES_MAX + " templates");
                }
                String name = String.valueOf(file.getFileName());
                templates.put(
                        name.substring(0, name.length() - ENDING.length()),
                        compile(file, text(file)));
            }
        } catch (IOException e) {
            throw new UnreadableFileException(others, e);
        }
    }

    private static String text(Path file) {
        return new String(Json.bytes(file, BYTES_MAX), StandardCharsets.UTF_8);
    }

    private static Template compile(Path file, String source) {
        try {
            return Template.compile(source);
        } catch (TemplateException e) {
            throw new InputException(file + ": chat template: " + e.getMessage() + REMEDY, e);
        }
    }

    /**
     * Returns the class of the tokenizer, if it is known, and its special tokens, by their keys.
     */
    Map<String, String> tokenizer() {
        Map<String, String> settings = new LinkedHashMap<>();
        if (config != null && config.isString(CLASS)) {
            settings.put(CLASS, config.string(CLASS).orElseThrow());
        }
        settings.putAll(specialTokens());
        return settings;
    }

    /**
     * Returns whether a text begins with BOS, if {@code tokenizer_config.json} says so; else the
     * tokenizer's post-processor decides.
     */
    Optional<Boolean> addsBos() {
        return config != null && (config.has(ADD_BOS) || config.has("add_eos_token"))
                ? Optional.of(config.bool(ADD_BOS, false))
                : Optional.empty();
    }

    /** Returns the special tokens that the tokenizer names, by their name. */
    Map<String, String> specialTokens() {
        Map<String, String> tokens = new LinkedHashMap<>();
        if (config == null) {
            return tokens;
        }
        for (String name : SPECIAL_TOKENS) {
            if (config.isString(name)) {
                tokens.put(name, config.string(name).orElseThrow());
            } else if (config.has(name)) {
                config.object(name)
                        .flatMap(token -> token.string("content"))
                        .ifPresent(content -> tokens.put(name, content));
            }
        }
        return tokens;
    }
}
