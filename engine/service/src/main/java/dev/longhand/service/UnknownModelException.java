package dev.longhand.service;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;

import java.util.List;

/** The request names a model that is neither the base nor a loaded adapter. */
public final class UnknownModelException extends InputException {
    private static final long serialVersionUID = 1L;

    /** Creates an error that lists the known models. */
    public UnknownModelException(String model, List<String> known) {
        super("there is no model %s; there are %s".formatted(ErrorText.quote(model), known));
    }
}
