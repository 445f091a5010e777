/** Learning from demonstrations: data, adapters, full checkpoints. */
module dev.longhand.training {
    requires transitive dev.longhand.engine;
    requires transitive org.jspecify;
    requires jdk.jfr;
    requires tools.jackson.databind;

    exports dev.longhand.training;
    exports dev.longhand.training.data;
    exports dev.longhand.training.model;
    exports dev.longhand.training.output;
    exports dev.longhand.training.run;
}
