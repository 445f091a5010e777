package dev.longhand.engine.serve.http;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.SettingException;
import dev.longhand.engine.schedule.EngineBusyException;
import dev.longhand.engine.serve.UnknownModelException;

import org.jspecify.annotations.Nullable;

import java.util.Objects;

/** An error as OpenAI's clients expect it, with its status. */
final class HttpFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final @Nullable String parameter;
    private final @Nullable String code;

    HttpFailure(
            int status,
            String type,
            @Nullable String code,
            @Nullable String parameter,
            String message) {
        super(message);
        this.status = status;
        this.type = type;
        this.parameter = parameter;
        this.code = code;
    }

    /** A request that cannot be answered as it is. */
    HttpFailure(int status, @Nullable String code, String message) {
        this(status, "invalid_request_error", code, null, message);
    }

    /** What became of a request, told to its client. */
    static HttpFailure of(RuntimeException cause) {
        String message = Objects.requireNonNullElse(cause.getMessage(), cause.toString());
        return switch (cause) {
            case HttpFailure failure -> failure;
            case UnknownModelException e ->
                    new HttpFailure(
                            404, "invalid_request_error", "model_not_found", "model", message);
            case SettingException e ->
                    new HttpFailure(400, "invalid_request_error", null, e.key(), message);
            case InputException e -> new HttpFailure(400, null, message);
            case EngineBusyException e ->
                    new HttpFailure(429, "rate_limit_error", "busy", null, message);
            case IllegalStateException e ->
                    new HttpFailure(503, "server_error", "closed", null, message);
            default -> new HttpFailure(500, "server_error", "failed", null, message);
        };
    }

    int status() {
        return status;
    }

    ErrorBody body() {
        return new ErrorBody(
                new ErrorBody.Error(
                        Objects.requireNonNullElse(getMessage(), type), type, parameter, code));
    }
}
