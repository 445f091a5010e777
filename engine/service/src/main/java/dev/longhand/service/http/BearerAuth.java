package dev.longhand.service.http;

import dev.longhand.service.ClientRules;

import org.jspecify.annotations.Nullable;

import java.util.List;

/** Authenticates requests by bearer token. */
final class BearerAuth {
    private static final String BEARER = "Bearer ";

    private final ClientRules clients;

    BearerAuth(ClientRules clients) {
        this.clients = clients;
    }

    /**
     * Rejects unauthenticated requests.
     *
     * @throws HttpFailure if the token is missing or wrong
     */
    void check(Exchange exchange) {
        if (exchange.path().equals(StateEndpoints.HEALTH)) {
            return;
        }
        List<String> headers = exchange.headers("Authorization");
        if (!clients.admit(headers.size() == 1 ? token(headers.getFirst()) : null)) {
            exchange.setHeader("WWW-Authenticate", "Bearer");
            throw new HttpFailure(401, "invalid_api_key", "the bearer token is missing or wrong");
        }
    }

    /**
     * Returns the token of a header; null if its scheme, in any case (RFC 9110, 11.1), is another.
     */
    private static @Nullable String token(String header) {
        return header.regionMatches(true, 0, BEARER, 0, BEARER.length())
                ? header.substring(BEARER.length())
                : null;
    }
}
