/** JMH benchmarks and reports; nothing depends on them. */
module dev.longhand.bench {
    requires dev.longhand.bindings;
    requires dev.longhand.engine;
    requires dev.longhand.kernels;
    requires jmh.core;
    requires org.jspecify;
    requires tools.jackson.databind;
}
