package dev.longhand.service.http;

import com.fasterxml.jackson.annotation.JsonInclude;

import org.jspecify.annotations.Nullable;

/** OpenAI's error object. */
record ErrorBody(Detail error) {
    /**
     * The error.
     *
     * @param message one sentence
     * @param type the kind of error
     * @param param the invalid request parameter, if there is one
     * @param code the specific error, if it has a name
     */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Detail(String message, String type, @Nullable String param, @Nullable String code) {}
}
