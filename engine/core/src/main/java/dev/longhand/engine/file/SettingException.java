package dev.longhand.engine.file;

import dev.longhand.engine.error.InputException;

/** A setting of a file or a request is invalid. */
public final class SettingException extends InputException {
    private static final long serialVersionUID = 1L;

    private final String key;

    /**
     * Creates the error.
     *
     * @param message names the source, the key and the fault
     * @param key the key with the path to it
     */
    public SettingException(String message, String key) {
        super(message);
        this.key = key;
    }

    /** Returns the key of the setting with the path to it. */
    public String key() {
        return key;
    }
}
