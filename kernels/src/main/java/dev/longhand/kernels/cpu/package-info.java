/** The default backend without a GPU: our C kernels on the host's cores. */
@NullMarked
package dev.longhand.kernels.cpu;

import org.jspecify.annotations.NullMarked;
