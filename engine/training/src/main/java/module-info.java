/** Training of LoRA adapters. */
module dev.longhand.training {
    requires transitive dev.longhand.engine;
    requires transitive org.jspecify;
    requires tools.jackson.databind;

    exports dev.longhand.training;
}
