/** The HTTP protocol: OpenAI's API, with vLLM's extensions where OpenAI defines nothing. */
@NullMarked
package dev.longhand.service.http;

import org.jspecify.annotations.NullMarked;
