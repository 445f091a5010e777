package dev.longhand.app.hub;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;

import java.io.IOException;
import java.net.http.HttpResponse;

/** Words an answer that is neither a file nor a redirect. */
final class Refusal {
    private static final long SECONDS_MAX = 3600;

    private final HubAccess access;
    private final String what;
    private final HttpResponse<?> response;

    Refusal(HubAccess access, String what, HttpResponse<?> response) {
        this.access = access;
        this.what = what;
        this.response = response;
    }

    /**
     * Returns the failure, if it may pass.
     *
     * @throws InputException if it is the request that is refused
     * @throws IOException if the server gives an answer that none should give
     */
    TransientFailure error() throws IOException {
        int status = response.statusCode();
        boolean hub = access.isHub(response.uri());
        if (status == 408 || status == 429 || status >= 500 || (status == 403 && !hub)) {
            String host = ErrorText.line(response.uri().getHost());
            return new TransientFailure(
                    "%s: %s %s"
                            .formatted(
                                    what,
                                    host,
                                    status == 429
                                            ? "is asked too often (429)" + again()
                                            : "fails with status " + status + said()),
                    waitMillis());
        }
        switch (status) {
            case 401, 403 -> throw new InputException(what + ": " + forbidden(status) + said());
            case 404, 410 -> throw new InputException(what + ": " + missing() + said());
            default ->
                    throw new IOException(
                            "%s: the Hub answers with status %d%s".formatted(what, status, said()));
        }
    }

    private String forbidden(int status) {
        if (header("X-Error-Code").equals("GatedRepo")) {
            return "its licence must be accepted on the Hub's page first, with the account whose"
                    + " token is in HF_TOKEN (%d)".formatted(status);
        }
        return access.token() == null
                ? "the Hub refuses it without a token (%d): the name is wrong, or HF_TOKEN must hold"
                                .formatted(status)
                        + " a token that may read it"
                : "the Hub refuses it with this token (%d)".formatted(status);
    }

    private String missing() {
        return switch (header("X-Error-Code")) {
            case "RevisionNotFound" -> "the Hub has the repository, but no such revision (404)";
            case "EntryNotFound" -> "the Hub no longer has this file (404)";
            default -> "the Hub at %s has no such repository (404)".formatted(access.endpoint());
        };
    }

    /** What the server says of it, in brackets. */
    private String said() {
        String message = header("X-Error-Message");
        return message.isBlank() ? "" : " (" + ErrorText.line(message) + ")";
    }

    private String again() {
        long millis = waitMillis();
        return millis == 0 ? "" : ", and wants a pause of %d s".formatted(millis / 1000);
    }

    private long waitMillis() {
        String seconds = header("Retry-After");
        return seconds.matches("\\d{1,9}")
                ? 1000 * Math.min(SECONDS_MAX, Long.parseLong(seconds))
                : 0;
    }

    private String header(String name) {
        return response.headers().firstValue(name).orElse("").strip();
    }
}
