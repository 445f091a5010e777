package dev.longhand.app.hub;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.HubCache;
import dev.longhand.engine.file.Json;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Where the Hub is, who asks, and where its files go, as the variables of its own tools say. */
final class HubAccess {
    private static final String ENDPOINT = "https://huggingface.co";
    private static final int TOKEN_BYTES_MAX = 4096;
    private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");

    private final URI endpoint;
    private final @Nullable String token;
    private final HubCache cache;

    /**
     * Creates an access.
     *
     * @param endpoint scheme and host, without a slash at the end
     * @param token sent to the endpoint only; null for none
     */
    HubAccess(URI endpoint, @Nullable String token, HubCache cache) {
        this.endpoint = endpoint;
        this.token = token;
        this.cache = cache;
    }

    /**
     * Reads {@code HF_ENDPOINT}, {@code HF_TOKEN} or the token file, and the place of the cache.
     *
     * @throws InputException if one of them is invalid, or the network was ruled out
     */
    static HubAccess of(Map<String, String> environment) {
        if (isTrue(environment, "HF_HUB_OFFLINE")) {
            throw new InputException("HF_HUB_OFFLINE is set: nothing is fetched from the Hub");
        }
        return new HubAccess(endpoint(environment), token(environment), HubCache.of(environment));
    }

    private static boolean isTrue(Map<String, String> environment, String variable) {
        return TRUE.contains(environment.getOrDefault(variable, "").toUpperCase(Locale.ROOT));
    }

    private static URI endpoint(Map<String, String> environment) {
        String given = environment.getOrDefault("HF_ENDPOINT", "").strip();
        String text = (given.isEmpty() ? ENDPOINT : given).replaceFirst("/+$", "");
        try {
            URI endpoint = URI.create(text);
            if (isWeb(endpoint) && endpoint.getRawQuery() == null) {
                return endpoint;
            }
        } catch (IllegalArgumentException e) {
            // refused like an address of another kind
        }
        throw new InputException(
                "HF_ENDPOINT is %s, which is no address of a Hub".formatted(ErrorText.quote(text)));
    }

    private static @Nullable String token(Map<String, String> environment) {
        for (String variable : new String[] {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
            String token = environment.getOrDefault(variable, "").strip();
            if (!token.isEmpty()) {
                return requirePlain(token, variable);
            }
        }
        Path file =
                HubCache.path(environment, "HF_TOKEN_PATH")
                        .orElseGet(() -> HubCache.home(environment).resolve("token"));
        if (isTrue(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN") || !Files.exists(file)) {
            return null;
        }
        byte[] bytes = Json.bytes(file, TOKEN_BYTES_MAX);
        String token = new String(bytes, StandardCharsets.ISO_8859_1).strip();
        return token.isEmpty() ? null : requirePlain(token, ErrorText.path(file));
    }

    /** Refuses a token that could not stand in a header; the error does not show it. */
    private static String requirePlain(String token, String source) {
        if (!token.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new InputException(source + ": holds characters that no token has");
        }
        return token;
    }

    /** Whether an address is of the web: HTTP or HTTPS, with a host, without a password. */
    static boolean isWeb(URI address) {
        return ("https".equalsIgnoreCase(address.getScheme())
                        || "http".equalsIgnoreCase(address.getScheme()))
                && address.getHost() != null
                && address.getRawUserInfo() == null;
    }

    /** Whether an address is on the Hub itself, which may see the token. */
    boolean isHub(URI address) {
        return endpoint.getScheme().equalsIgnoreCase(address.getScheme())
                && endpoint.getHost().equalsIgnoreCase(address.getHost())
                && port(endpoint) == port(address);
    }

    private static int port(URI address) {
        boolean secure = "https".equalsIgnoreCase(address.getScheme());
        return address.getPort() >= 0 ? address.getPort() : secure ? 443 : 80;
    }

    URI endpoint() {
        return endpoint;
    }

    @Nullable String token() {
        return token;
    }

    HubCache cache() {
        return cache;
    }
}
