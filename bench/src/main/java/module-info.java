/** JMH benchmarks and reports; nothing depends on them. */
module dev.longhand.bench {
    requires dev.longhand.bindings;
    requires dev.longhand.engine;
    requires dev.longhand.kernels;
    requires info.picocli;
    requires java.desktop;
    requires java.management;
    requires jdk.management;
    requires jmh.core;
    requires org.jspecify;
    requires tools.jackson.databind;

    opens dev.longhand.bench to
            info.picocli;
    opens dev.longhand.bench.checkpoint to
            info.picocli;
}
