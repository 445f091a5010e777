package dev.longhand.service;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Set;

/**
 * Rules of a server about its clients. Each {@code with} method returns a changed copy.
 *
 * @param token the token that clients must send; null requires none
 * @param hosts names under which HTTP clients may address the server, beside the loopback names and
 *     the bound address
 * @param origins the {@code Origin}s of web pages that have access to HTTP, for example {@code
 *     http://localhost:3000}; "*" is any
 * @param dialect how to treat fields that cannot change an answer
 */
public record ClientRules(
        @Nullable String token, Set<String> hosts, Set<String> origins, Dialect dialect) {
    /** No token, no further hosts, no web pages, the lenient dialect. */
    public static final ClientRules OPEN =
            new ClientRules(null, Set.of(), Set.of(), Dialect.LENIENT);

    public ClientRules {
        hosts = Set.copyOf(hosts);
        origins = Set.copyOf(origins);
    }

    /** Requires a token, or none if null. */
    public ClientRules withToken(@Nullable String required) {
        return new ClientRules(required, hosts, origins, dialect);
    }

    /** Admits requests that address the server by these names. */
    public ClientRules withHosts(Set<String> names) {
        return new ClientRules(token, names, origins, dialect);
    }

    /** Admits web pages of these origins. */
    public ClientRules withOrigins(Set<String> admitted) {
        return new ClientRules(token, hosts, admitted, dialect);
    }

    /** Sets the dialect. */
    public ClientRules withDialect(Dialect other) {
        return new ClientRules(token, hosts, origins, other);
    }

    /**
     * Whether a client has the right token; compared in a time that does not tell where it differs.
     */
    public boolean admit(@Nullable String given) {
        return token == null
                || (given != null
                        && MessageDigest.isEqual(
                                token.getBytes(StandardCharsets.UTF_8),
                                given.getBytes(StandardCharsets.UTF_8)));
    }
}
