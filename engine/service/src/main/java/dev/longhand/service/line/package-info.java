/** The line protocol: one JSON object per line over a Unix socket or TCP; see PROTOCOL.md. */
@NullMarked
package dev.longhand.service.line;

import org.jspecify.annotations.NullMarked;
