package dev.longhand.service.http;

import dev.longhand.service.ClientRules;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Keeps foreign web pages from a server that the user's browser can reach.
 *
 * <p>A page's requests carry its {@code Origin}, which must be this server or admitted. A page
 * whose domain the attacker rebinds to this address (DNS rebinding) is of the same origin for the
 * browser, which then sends none; such a request is known by its {@code Host}, which must be a name
 * of this server.
 */
final class WebGuard {
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");
    private static final Pattern ADDRESS = Pattern.compile("\\[[0-9a-f:.]+]|[0-9]+(\\.[0-9]+){3}");
    private static final String ANY = "*";
    private static final String PREFLIGHT_SECONDS = "600";

    private final Set<String> hosts;
    private final Set<String> origins;
    private final boolean anyAddress;

    /**
     * Creates the guard of a server.
     *
     * @param bound the address of the server. A server on all interfaces accepts every IP address
     *     as its name, since an attacker can rebind domain names only
     */
    WebGuard(ClientRules clients, InetSocketAddress bound) {
        hosts = new HashSet<>(LOOPBACK);
        clients.hosts().forEach(name -> hosts.add(name.toLowerCase(Locale.ROOT)));
        String address = bound.getAddress().getHostAddress();
        hosts.add(address.contains(":") ? "[" + address + "]" : address);
        hosts.add(bound.getHostString().toLowerCase(Locale.ROOT));
        anyAddress = bound.getAddress().isAnyLocalAddress();
        origins = clients.origins();
    }

    /**
     * Checks where a request comes from, and adds the headers that an admitted page needs.
     *
     * @throws HttpFailure if the request addresses another host or comes from another page
     */
    void check(Exchange exchange) {
        for (String host : exchange.headers("Host")) {
            requireOwn(host);
        }
        String target = exchange.target();
        if (!target.startsWith("/")) {
            requireOwn(authority(target));
        }
        List<String> given = exchange.headers("Origin");
        if (given.isEmpty()) {
            return;
        }
        String origin = given.getFirst();
        if (given.size() == 1 && isOwn(origin, exchange.headers("Host"))) {
            return; // our own page: the browser needs no headers for it
        }
        if (given.size() > 1 || origin == null || !admits(origin)) {
            throw new HttpFailure(403, "origin", "web pages of this origin have no access");
        }
        exchange.setHeader("Access-Control-Allow-Origin", origin);
        exchange.setHeader("Vary", "Origin");
    }

    private static @Nullable String authority(String target) {
        try {
            return URI.create(target).getRawAuthority();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private void requireOwn(@Nullable String authority) {
        String host = authority == null ? "" : authority.toLowerCase(Locale.ROOT);
        int port = host.lastIndexOf(':');
        if (port > host.lastIndexOf(']')) {
            host = host.substring(0, port);
        }
        if (host.endsWith(".")) {
            host = host.substring(0, host.length() - 1);
        }
        if (!hosts.contains(host) && !(anyAddress && ADDRESS.matcher(host).matches())) {
            throw new HttpFailure(421, "host", "this server is not known by that Host");
        }
    }

    /**
     * Whether the origin is the server itself, under the name by which the request addresses it. A
     * proxy may add TLS.
     */
    private static boolean isOwn(@Nullable String origin, List<String> hosts) {
        String host = hosts.size() == 1 ? hosts.getFirst() : null;
        return origin != null
                && host != null
                && (origin.equalsIgnoreCase("http://" + host)
                        || origin.equalsIgnoreCase("https://" + host));
    }

    private boolean admits(String origin) {
        return origins.contains(ANY)
                || origins.stream().anyMatch(each -> each.equalsIgnoreCase(origin));
    }

    /** Whether a checked request asks on behalf of a page whether it may send another one. */
    static boolean isPreflight(Exchange exchange) {
        return exchange.method().equals("OPTIONS")
                && !exchange.headers("Origin").isEmpty()
                && !exchange.headers("Access-Control-Request-Method").isEmpty();
    }

    /** Adds the headers of the answer to a preflight request. */
    static void preflight(Exchange exchange) {
        exchange.setHeader("Access-Control-Allow-Methods", "GET, POST");
        List<String> headers = exchange.headers("Access-Control-Request-Headers");
        if (!headers.isEmpty()) {
            exchange.setHeader("Access-Control-Allow-Headers", String.join(", ", headers));
        }
        exchange.setHeader("Access-Control-Max-Age", PREFLIGHT_SECONDS);
    }
}
