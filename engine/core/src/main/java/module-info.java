/** The library that applications embed: engines that load a model and run generations. */
module dev.longhand.engine {
    requires ai.djl.tokenizers;
    requires com.google.gson;
    requires dev.longhand.jinja;
    requires transitive dev.longhand.kernels;
    requires java.management;
    requires jdk.management;
    requires org.slf4j; // used by the tokenizer, an automatic module that cannot ask for it
    requires transitive org.jspecify;

    exports dev.longhand.engine;
    exports dev.longhand.engine.architecture;
    exports dev.longhand.engine.error;
    exports dev.longhand.engine.generation;
    exports dev.longhand.engine.status;
    exports dev.longhand.engine.tokenizer;

    // For Longhand's own modules.
    exports dev.longhand.engine.chat to
            dev.longhand.service,
            dev.longhand.training;
    exports dev.longhand.engine.file to
            dev.longhand.service,
            dev.longhand.batch,
            dev.longhand.study,
            dev.longhand.training;
    exports dev.longhand.engine.gguf to
            dev.longhand.batch;
    exports dev.longhand.engine.memory to
            dev.longhand.training;
    exports dev.longhand.engine.model to
            dev.longhand.training;
    exports dev.longhand.engine.weights to
            dev.longhand.training;
    exports dev.longhand.engine.work to
            dev.longhand.service;
}
