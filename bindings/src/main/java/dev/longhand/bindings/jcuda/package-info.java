/**
 * JCuda's side of the driver; the only package that touches {@code jcuda.*}, and touched only after
 * {@code libcuda.so.1} was found: without it JCuda's classes fail to initialise for good.
 */
@NullMarked
package dev.longhand.bindings.jcuda;

import org.jspecify.annotations.NullMarked;
