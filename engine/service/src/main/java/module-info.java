/** Serves an engine's generations over sockets and HTTP. */
module dev.longhand.service {
    requires transitive dev.longhand.engine;
    requires java.logging;
    requires java.management;
    requires jdk.jfr;
    requires jdk.management;
    requires static micrometer.core;
    requires static micrometer.registry.prometheus;
    requires transitive org.jspecify;
    requires tools.jackson.databind;

    exports dev.longhand.service;
    exports dev.longhand.service.http;
    exports dev.longhand.service.line;

    opens dev.longhand.service.http to
            tools.jackson.databind;
}
