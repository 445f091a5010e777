/** Generates answers to files of problems, resumably. */
module dev.longhand.batch {
    requires transitive dev.longhand.service;
    requires transitive org.jspecify;
    requires transitive tools.jackson.databind;

    exports dev.longhand.batch;
}
