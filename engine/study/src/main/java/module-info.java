/** The instruments of the study on long chains of thought. */
module dev.longhand.study {
    requires transitive dev.longhand.batch;
    requires transitive org.jspecify;
    requires java.desktop;
    requires java.xml;
    requires org.apache.xmlgraphics.batik.svggen;
    requires org.knowm.xchart;

    exports dev.longhand.study.answer;
    exports dev.longhand.study.chart;
    exports dev.longhand.study.benchmark;
    exports dev.longhand.study.code;
    exports dev.longhand.study.curate;
    exports dev.longhand.study.format;
    exports dev.longhand.study.instruction;
    exports dev.longhand.study.keywords;
    exports dev.longhand.study.likelihood;
    exports dev.longhand.study.perturb;
    exports dev.longhand.study.pipeline;
    exports dev.longhand.study.result;
    exports dev.longhand.study.score;
    exports dev.longhand.study.segment;
    exports dev.longhand.study.table;
    exports dev.longhand.study.workload;
}
