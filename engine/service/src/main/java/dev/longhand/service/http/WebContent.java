package dev.longhand.service.http;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.Map;

/**
 * Files that a server shows to browsers beside its API, such as a page of its own. Every resource
 * is sent with headers that keep it to this origin: a strict content security policy, no sniffing,
 * no frames, no referrer.
 */
public interface WebContent {
    /** No content. */
    WebContent NONE =
            new WebContent() {
                @Override
                public boolean isPublic(String path) {
                    return false;
                }

                @Override
                public @Nullable WebResource find(String path, Map<String, String> query) {
                    return null;
                }
            };

    /** Whether clients get the resource of a path without the server's token. */
    boolean isPublic(String path);

    /**
     * Returns the resource of a path, or null if there is none.
     *
     * @param path the decoded path, beginning with a slash
     * @param query the decoded parameters of the address; the first of each name
     * @throws dev.longhand.engine.error.InputException if a parameter is wrong; the client gets 400
     * @throws IOException if the resource cannot be read; the client gets 500
     */
    @Nullable WebResource find(String path, Map<String, String> query) throws IOException;
}
