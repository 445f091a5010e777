/** The library users embed: a model that is loaded and ready, and its generations. */
module dev.longhand.engine {
    requires ai.djl.tokenizers;
    requires transitive dev.longhand.kernels;
    requires java.management;
    requires jdk.management;
    requires transitive org.jspecify;
    requires tools.jackson.databind;

    exports dev.longhand.engine;
    exports dev.longhand.engine.architecture;
    exports dev.longhand.engine.chat;
    exports dev.longhand.engine.error;
    exports dev.longhand.engine.file to
            dev.longhand.service,
            dev.longhand.batch,
            dev.longhand.study;
    exports dev.longhand.engine.generation;
    exports dev.longhand.engine.lora;
    exports dev.longhand.engine.memory;
    exports dev.longhand.engine.model;
    exports dev.longhand.engine.schedule;
    exports dev.longhand.engine.thought;
    exports dev.longhand.engine.tokenizer;
    exports dev.longhand.engine.weights;
}
