package dev.longhand.service.http;

import com.fasterxml.jackson.annotation.JsonInclude;

import dev.longhand.engine.error.EngineFailureException;
import dev.longhand.engine.file.Settings;
import dev.longhand.service.ClientRules;
import dev.longhand.service.RequestRules;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;

import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;

/** Answers requests for completions from a file, as {@link OpenAiServer} answers its clients. */
public final class OfflineCompletions {
    /** The endpoint of completions. */
    public static final String TEXT = "/v1/completions";

    /** The endpoint of chat completions. */
    public static final String CHAT = "/v1/chat/completions";

    static final JsonMapper JSON =
            JsonMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .changeDefaultPropertyInclusion(
                            any -> any.withValueInclusion(JsonInclude.Include.NON_NULL))
                    .build();

    private final Completions completions;
    private final RequestRules rules;

    /**
     * A response.
     *
     * @param status the HTTP status
     * @param json the body: an answer, or an error
     * @param outputTokens the number of generated tokens
     * @param retryAfterMillis the time after which to ask again; 0 if that is of no use
     */
    public record Reply(int status, String json, int outputTokens, long retryAfterMillis) {}

    /** Creates an endpoint over a service, with the limits of a server. */
    public OfflineCompletions(Service service) {
        rules = RequestRules.of(service, ServiceLimits.DEFAULT, ClientRules.OPEN);
        completions = new Completions(service, rules);
    }

    /**
     * Answers a request.
     *
     * @param url the path of the endpoint
     * @param body the request as JSON, which may not ask for a stream
     * @param id the id of the answer, after the prefix of its kind
     * @throws InterruptedException if this thread is interrupted, which cancels the request
     */
    public Reply answer(String url, byte[] body, String id) throws InterruptedException {
        try {
            CompletionRequest request =
                    switch (url) {
                        case TEXT -> CompletionRequest.text(Settings.parse("request", body), rules);
                        case CHAT -> CompletionRequest.chat(Settings.parse("request", body), rules);
                        default ->
                                throw HttpFailure.invalid(
                                        "url", null, "url must be %s or %s".formatted(CHAT, TEXT));
                    };
            if (request.stream()) {
                throw HttpFailure.invalid("stream", null, "stream is not supported in a file");
            }
            Completions.Whole whole = completions.whole(request, id);
            return new Reply(200, JSON.writeValueAsString(whole.body()), whole.outputTokens(), 0);
        } catch (IOException e) {
            throw (InterruptedException) new InterruptedException().initCause(e);
        } catch (RuntimeException | Error e) {
            HttpFailure failure = HttpFailure.of(EngineFailureException.of(e));
            String json = JSON.writeValueAsString(failure.body());
            return new Reply(failure.status(), json, 0, failure.retryAfterMillis());
        }
    }
}
