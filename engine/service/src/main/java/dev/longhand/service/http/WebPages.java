package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Answers requests for {@link WebContent}. */
final class WebPages {
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
                    + " connect-src 'self'; base-uri 'none'; form-action 'none';"
                    + " frame-ancestors 'none'";
    private static final Map<String, String> HEADERS =
            Map.of(
                    "Content-Security-Policy", POLICY,
                    "X-Content-Type-Options", "nosniff",
                    "Referrer-Policy", "no-referrer",
                    "Cross-Origin-Opener-Policy", "same-origin",
                    "Cross-Origin-Resource-Policy", "same-origin",
                    "Cache-Control", "no-cache");

    private final WebContent content;

    WebPages(WebContent content) {
        this.content = content;
    }

    boolean isPublic(String path) {
        return content.isPublic(path);
    }

    /** Returns the endpoint of a resource, or null if there is none. */
    @Nullable Endpoint find(Exchange exchange) {
        WebResource resource;
        try {
            resource = content.find(exchange.path(), parameters(exchange.query()));
        } catch (IOException e) {
            throw new HttpFailure(500, null, "the resource cannot be read");
        }
        return resource == null ? null : answer -> send(answer, resource);
    }

    private static void send(Exchange exchange, WebResource resource) throws IOException {
        HEADERS.forEach(exchange::setHeader);
        exchange.bytes(200, resource.type(), resource.bytes());
    }

    private static Map<String, String> parameters(@Nullable String query) {
        Map<String, String> parameters = new HashMap<>();
        if (query != null) {
            for (String pair : query.split("&", -1)) {
                int equals = pair.indexOf('=');
                String name = equals < 0 ? pair : pair.substring(0, equals);
                parameters.putIfAbsent(decode(name), decode(pair.substring(equals + 1)));
            }
        }
        return parameters;
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new InputException("the address has a broken percent sign", e);
        }
    }
}
