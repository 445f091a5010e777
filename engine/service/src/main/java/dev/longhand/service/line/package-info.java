/** The line protocol: one JSON object a line over a Unix domain socket or TCP; see PROTOCOL.md. */
@NullMarked
package dev.longhand.service.line;

import org.jspecify.annotations.NullMarked;
