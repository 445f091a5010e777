package dev.longhand.service.http;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.SettingException;
import dev.longhand.service.UnknownModelException;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/** An error response: a status and the fields of OpenAI's error object. */
final class HttpFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final String REQUEST = "invalid_request_error";
    private static final String SERVER = "server_error";
    private static final long CLOSED_RETRY_MILLIS = 1000;

    private final int status;
    private final String type;
    private final @Nullable String parameter;
    private final @Nullable String code;
    private final long retryAfterMillis; // 0: no retry

    HttpFailure(
            int status,
            String type,
            @Nullable String code,
            @Nullable String parameter,
            String message,
            long retryAfterMillis) {
        super(message);
        this.status = status;
        this.type = type;
        this.parameter = parameter;
        this.code = code;
        this.retryAfterMillis = retryAfterMillis;
    }

    /** Creates the failure of an invalid request. */
    HttpFailure(int status, @Nullable String code, String message) {
        this(status, REQUEST, code, null, message, 0);
    }

    /** An invalid field of a request. */
    static HttpFailure invalid(String parameter, @Nullable String code, String message) {
        return new HttpFailure(400, REQUEST, code, parameter, message, 0);
    }

    /** A request that violates HTTP. */
    static HttpFailure malformed(String message) {
        return new HttpFailure(400, "malformed", message);
    }

    /** A server that has no place for a request now. */
    static HttpFailure noPlace(String message, long retryAfterMillis) {
        return new HttpFailure(503, SERVER, "busy", null, message, retryAfterMillis);
    }

    /** Maps an exception to the response for the client. */
    static HttpFailure of(RuntimeException cause) {
        String message = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
        return switch (cause) {
            case HttpFailure failure -> failure;
            case UnknownModelException e ->
                    new HttpFailure(404, REQUEST, "model_not_found", "model", message, 0);
            case SettingException e -> new HttpFailure(400, REQUEST, null, e.key(), message, 0);
            case InputException e -> new HttpFailure(400, null, message);
            case EngineBusyException e ->
                    new HttpFailure(
                            429, "rate_limit_error", "busy", null, message, e.retryAfterMillis());
            case IllegalStateException e -> closed(message);
            default -> new HttpFailure(500, SERVER, "failed", null, message, 0);
        };
    }

    /**
     * Returns the failure of a server that is shutting down. The client may retry, since another
     * server may take its place.
     */
    static HttpFailure closed(String message) {
        return new HttpFailure(503, SERVER, "closed", null, message, CLOSED_RETRY_MILLIS);
    }

    /** Returns this failure with another name for a parameter, in its message too. */
    HttpFailure renamed(String name, String other) {
        if (!name.equals(parameter)) {
            return this;
        }
        String message = String.valueOf(getMessage()).replace(name, other);
        return new HttpFailure(status, type, code, other, message, retryAfterMillis);
    }

    /** The time after which to retry; 0 for no retry. */
    long retryAfterMillis() {
        return retryAfterMillis;
    }

    int status() {
        return status;
    }

    ErrorBody body() {
        return new ErrorBody(
                new ErrorBody.Detail(
                        Objects.requireNonNullElse(getMessage(), type), type, parameter, code));
    }
}
