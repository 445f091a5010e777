/** Answers files of problems. */
module dev.longhand.batch {
    requires transitive dev.longhand.service;
    requires transitive org.jspecify;
    requires tools.jackson.databind;

    exports dev.longhand.batch;
}
