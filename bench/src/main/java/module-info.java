/** JMH benchmarks; nothing depends on them. */
module dev.longhand.bench {
    requires dev.longhand.engine;
    requires dev.longhand.kernels;
    requires jmh.core;
    requires org.jspecify;
}
