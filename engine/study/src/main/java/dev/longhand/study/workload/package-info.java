/** Request lengths of the study's benchmarks. */
@NullMarked
package dev.longhand.study.workload;

import org.jspecify.annotations.NullMarked;
