package dev.longhand.service.http;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Rejects requests that HTTP forbids and the JDK's server lets pass (RFC 9110, RFC 9112). A proxy
 * in front may read them in another way, so that a request hides in another one.
 */
final class HttpSyntax {
    private static final Set<String> VERSIONS = Set.of("HTTP/1.0", "HTTP/1.1");
    private static final Pattern LENGTH = Pattern.compile("[0-9]+");

    private HttpSyntax() {}

    /**
     * Checks version and headers.
     *
     * @throws HttpFailure if they violate HTTP; the connection cannot be used further
     */
    static void check(Exchange exchange) {
        String version = exchange.version();
        if (!VERSIONS.contains(version)) {
            throw new HttpFailure(505, "version", "the version must be HTTP/1.1");
        }
        if (version.equals("HTTP/1.1") && exchange.headers("Host").isEmpty()) {
            throw new HttpFailure(400, "host", "the Host header is missing");
        }
        for (String length : exchange.headers("Content-Length")) {
            if (!LENGTH.matcher(length).matches()) {
                throw new HttpFailure(400, "header", "the Content-Length is not a number");
            }
        }
        for (List<String> values : exchange.headers().values()) {
            if (values.stream().anyMatch(HttpSyntax::hasControls)) {
                throw new HttpFailure(400, "header", "a header has control characters");
            }
        }
    }

    private static boolean hasControls(String value) {
        return value.chars().anyMatch(c -> c != '\t' && Character.isISOControl(c) && c < 0x80);
    }
}
