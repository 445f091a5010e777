package dev.longhand.app.page;

import dev.longhand.batch.JsonLine;
import dev.longhand.service.http.WebContent;
import dev.longhand.service.http.WebResource;
import dev.longhand.study.keywords.ReflectionKeywords;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The page at {@code /}: it asks up to four variants of the model one question, and shows the
 * results of a study. Its files are public, since they hold nothing of the user's; the results are
 * not.
 */
public final class ServedPage implements WebContent {
    private static final String FOLDER = "/page/";
    private static final Map<String, String> TYPES =
            Map.of(
                    "html", "text/html; charset=utf-8",
                    "css", "text/css; charset=utf-8",
                    "js", "text/javascript; charset=utf-8",
                    "svg", "image/svg+xml");
    private static final List<String> FILES =
            List.of(
                    "page.css",
                    "icon.svg",
                    "main.js",
                    "ask.js",
                    "column.js",
                    "api.js",
                    "keywords.js",
                    "elements.js",
                    "results.js",
                    "answers.js");

    private final Map<String, WebResource> files = new HashMap<>();
    private final @Nullable ServedStudy study;

    /**
     * Creates the page.
     *
     * @param study the folder with the results of a study; null shows none
     * @throws dev.longhand.engine.error.InputException if the folder has no results
     */
    public ServedPage(@Nullable Path study) {
        this.study = study == null ? null : new ServedStudy(study);
        files.put("/", file("index.html"));
        FILES.forEach(name -> files.put(FOLDER + name, file(name)));
        ObjectNode keywords = JsonLine.newObject();
        ReflectionKeywords.PHRASES.forEach(keywords.putArray("phrases")::add);
        files.put(FOLDER + "keywords.json", json(keywords));
    }

    private static WebResource file(String name) {
        try (InputStream in = ServedPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks the page's " + name);
            }
            String ending = name.substring(name.lastIndexOf('.') + 1);
            return new WebResource(TYPES.getOrDefault(ending, ""), in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static WebResource json(ObjectNode json) {
        return new WebResource(
                "application/json", JsonLine.format(json).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public boolean isPublic(String path) {
        return files.containsKey(path);
    }

    @Override
    public @Nullable WebResource find(String path, Map<String, String> query) throws IOException {
        WebResource file = files.get(path);
        if (file != null) {
            return file;
        }
        return study == null ? null : study.find(path, query);
    }
}
