package dev.longhand.service.http;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Who may ask: whoever has the token, where there is one, and no web page. */
final class Access {
    /** What needs no token: those who watch the process have none. */
    static final String HEALTH = "/health";

    private static final String BEARER = "Bearer ";

    private final byte @Nullable [] token;

    Access(@Nullable String token) {
        this.token = token == null ? null : token.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Refuses who may not.
     *
     * @throws HttpFailure if the token is missing or wrong, or a browser asks for a page of
     *     another's: any page could, of a server on the loopback interface
     */
    void check(Exchange exchange) {
        if (exchange.header("Origin") != null) {
            throw new HttpFailure(403, "origin", "web pages have no access");
        }
        if (token == null || exchange.path().equals(HEALTH)) {
            return;
        }
        String given = exchange.header("Authorization");
        if (given == null
                || !given.startsWith(BEARER)
                || !MessageDigest.isEqual(
                        token, given.substring(BEARER.length()).getBytes(StandardCharsets.UTF_8))) {
            exchange.setHeader("WWW-Authenticate", "Bearer");
            throw new HttpFailure(401, "invalid_api_key", "the bearer token is missing or wrong");
        }
    }
}
