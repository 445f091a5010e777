package dev.longhand.service.http;

import com.fasterxml.jackson.annotation.JsonInclude;

import org.jspecify.annotations.Nullable;

/** OpenAI's error object. */
record ErrorBody(Detail error) {
    /**
     * What is wrong.
     *
     * @param message one sentence
     * @param type the kind
     * @param param the parameter of the request that is to blame, if one is
     * @param code which error of its kind, if it has a name
     */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    record Detail(String message, String type, @Nullable String param, @Nullable String code) {}
}
