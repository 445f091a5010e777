/** Jinja for chat templates. */
module dev.longhand.jinja {
    requires transitive org.jspecify;

    exports dev.longhand.jinja;
}
