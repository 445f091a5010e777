package dev.longhand.service.http;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;

/** Authenticates requests by bearer token. */
final class BearerAuth {
    /** The path that needs no token, since health probes send none. */
    static final String HEALTH = "/health";

    private static final String BEARER = "Bearer ";

    private final byte @Nullable [] token;

    BearerAuth(@Nullable String token) {
        this.token = token == null ? null : token.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Rejects unauthenticated requests.
     *
     * @throws HttpFailure if the token is missing or wrong
     */
    void check(Exchange exchange) {
        if (token == null || exchange.path().equals(HEALTH)) {
            return;
        }
        List<String> headers = exchange.headers("Authorization");
        String given = headers.size() == 1 ? headers.getFirst() : null;
        if (given == null
                || !given.regionMatches(true, 0, BEARER, 0, BEARER.length()) // RFC 9110, 11.1
                || !MessageDigest.isEqual(
                        token, given.substring(BEARER.length()).getBytes(StandardCharsets.UTF_8))) {
            exchange.setHeader("WWW-Authenticate", "Bearer");
            throw new HttpFailure(401, "invalid_api_key", "the bearer token is missing or wrong");
        }
    }
}
