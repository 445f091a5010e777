package dev.longhand.service.http;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The request line and the headers of an HTTP/1 request. Whatever RFC 9112 forbids is refused: a
 * proxy in front may read it in another way, so that one request hides in another.
 *
 * @param target as it was sent
 * @param uri the target; of a path alone the authority is of no meaning
 * @param headers the values by name, in any case, in the order of the request
 */
record RequestHead(
        String method, String target, URI uri, String version, Map<String, List<String>> headers) {
    /** Stands for a head that violates HTTP. */
    static final RequestHead NONE =
            new RequestHead("-", "/-", URI.create("/-"), "HTTP/1.0", Map.of());

    private static final String NEWEST = "HTTP/1.1";
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    private static final Pattern VERSION = Pattern.compile("HTTP/[0-9]\\.[0-9]");

    /**
     * Reads the head of the next request, after blank lines.
     *
     * @param bytesMax the limit of all lines together
     * @throws HttpFailure if it violates HTTP; the connection cannot be read further
     */
    static RequestHead read(HttpInput in, int bytesMax) throws IOException {
        int left = bytesMax;
        String line = in.line(left);
        while (line.isEmpty()) {
            left -= 2;
            line = in.line(left);
        }
        String[] parts = line.split(" ", -1);
        if (parts.length != 3
                || !TOKEN.matcher(parts[0]).matches()
                || !VERSION.matcher(parts[2]).matches()) {
            throw HttpFailure.malformed("the request line is not METHOD TARGET HTTP/1.1");
        }
        if (!parts[2].equals(NEWEST) && !parts[2].equals("HTTP/1.0")) {
            throw new HttpFailure(505, "version", "the version must be HTTP/1.1");
        }
        URI uri = uri(parts[1]);
        Map<String, List<String>> headers = fields(in, left - line.length() - 2);
        RequestHead head = new RequestHead(parts[0], parts[1], uri, parts[2], headers);
        int hosts = head.values("Host").size();
        if (hosts > 1 || (hosts == 0 && head.isNewest())) {
            throw new HttpFailure(400, "host", "there must be one Host header");
        }
        return head;
    }

    private static URI uri(String target) {
        boolean path = target.startsWith("/");
        try {
            // With an authority before it, a path may begin with two slashes.
            URI uri = new URI(path ? "http://localhost" + target : target);
            if ((path || uri.isAbsolute()) && !uri.isOpaque() && uri.getRawFragment() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // as other targets
        }
        throw HttpFailure.malformed("the target is neither a path nor an address");
    }

    /**
     * Reads fields up to a blank line: headers, or what follows the last chunk of a body.
     *
     * @param bytesMax the limit of all lines together
     */
    static Map<String, List<String>> fields(HttpInput in, int bytesMax) throws IOException {
        Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        int left = bytesMax;
        for (String line = in.line(left); !line.isEmpty(); line = in.line(left)) {
            left -= line.length() + 2;
            int colon = line.indexOf(':');
            String name = colon < 0 ? "" : line.substring(0, colon);
            if (!TOKEN.matcher(name).matches()) {
                throw HttpFailure.malformed("a header is not NAME: VALUE");
            }
            fields.computeIfAbsent(name, _ -> new ArrayList<>())
                    .add(line.substring(colon + 1).strip());
        }
        return fields;
    }

    /** The values of a header; empty if it is absent. */
    List<String> values(String name) {
        return headers.getOrDefault(name, List.of());
    }

    /** Whether the values of a header list a token, in any case. */
    boolean lists(String name, String token) {
        for (String value : values(name)) {
            for (String each : value.split(",", -1)) {
                if (each.strip().equalsIgnoreCase(token)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether the version is HTTP/1.1. */
    boolean isNewest() {
        return version.equals(NEWEST);
    }

    /** Whether the client expects the connection to stay open. */
    boolean persists() {
        return isNewest() && !lists("Connection", "close");
    }
}
