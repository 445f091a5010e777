/** Problems of public benchmarks, from their own files. */
@NullMarked
package dev.longhand.study.benchmark;

import org.jspecify.annotations.NullMarked;
