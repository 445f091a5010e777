/** The instruments of the study on long chains of thought. */
module dev.longhand.study {
    requires transitive dev.longhand.batch;
    requires transitive org.jspecify;

    exports dev.longhand.study.answer;
    exports dev.longhand.study.format;
    exports dev.longhand.study.keywords;
    exports dev.longhand.study.perturb;
    exports dev.longhand.study.segment;
    exports dev.longhand.study.workload;
}
