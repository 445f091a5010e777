/** The library users embed. */
module dev.longhand.engine {
    requires ai.djl.tokenizers;
    requires dev.longhand.kernels;
    requires info.picocli;
    requires java.logging;
    requires java.management;
    requires jdk.httpserver;
    requires jdk.jfr;
    requires jdk.management;
    requires me.tongfei.progressbar;
    requires static micrometer.core;
    requires static micrometer.registry.prometheus;
    requires transitive org.jspecify;
    requires tools.jackson.databind;

    exports dev.longhand.engine;
    exports dev.longhand.engine.chat;
    exports dev.longhand.engine.cli to
            java.logging;
    exports dev.longhand.engine.error;
    exports dev.longhand.engine.generation;
    exports dev.longhand.engine.lora;
    exports dev.longhand.engine.model;
    exports dev.longhand.engine.schedule;
    exports dev.longhand.engine.serve;
    exports dev.longhand.engine.serve.http;
    exports dev.longhand.engine.thought;
    exports dev.longhand.engine.tokenizer;
    exports dev.longhand.engine.weights;

    opens dev.longhand.engine.cli to
            info.picocli;
    opens dev.longhand.engine.serve.http to
            tools.jackson.databind;
}
